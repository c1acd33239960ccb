package dev.chorus.eval;

/** What every measure of predicted probabilities requires of its input. */
final class ProbabilityRows {

    /**
     * Rounding to bfloat16 changes an entry, and so the sum, by at most 1 part in 256; a row of logits is further off.
     */
    static final double ROW_SUM_TOLERANCE = 0.01;

    private ProbabilityRows() {}

    /** Checks [N, K] against [N]: one K for all rows, entries in [0, 1], sums of 1, gold labels in range. */
    static void check(String measure, double[][] probabilities, int[] gold) {
        if (probabilities.length != gold.length) {
            throw new IllegalArgumentException(measure + ": expected as many rows of probabilities as gold labels ("
                    + gold.length + "), got " + probabilities.length);
        }
        for (int n = 0; n < gold.length; n++) {
            double[] row = probabilities[n];
            if (row.length != probabilities[0].length) {
                throw new IllegalArgumentException(measure + ": expected " + probabilities[0].length
                        + " classes in every row, got " + row.length + " in row " + n);
            }
            double sum = 0;
            for (int k = 0; k < row.length; k++) {
                if (!(row[k] >= 0 && row[k] <= 1 + ROW_SUM_TOLERANCE)) {
                    throw new IllegalArgumentException(measure + ": expected a probability in [0, 1], got " + row[k]
                            + " in row " + n + ", class " + k);
                }
                sum += row[k];
            }
            if (Math.abs(sum - 1) > ROW_SUM_TOLERANCE) {
                throw new IllegalArgumentException(
                        measure + ": expected probabilities that sum to 1, got " + sum + " in row " + n);
            }
            if (gold[n] < 0 || gold[n] >= row.length) {
                throw new IllegalArgumentException(measure + ": expected a gold label in 0 to " + (row.length - 1)
                        + ", got " + gold[n] + " in row " + n);
            }
        }
    }
}
