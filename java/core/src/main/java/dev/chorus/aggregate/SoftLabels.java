package dev.chorus.aggregate;

/** What every aggregator of soft labels requires of them. */
final class SoftLabels {

    /**
     * Rounding to bfloat16 changes an entry, and so the sum, by at most 1 part in 256; a row of logits is further off.
     */
    static final double ROW_SUM_TOLERANCE = 0.01;

    private SoftLabels() {}

    /** Checks [W][K]: rows null or distributions over {@code classes} classes. */
    static void check(String aggregator, double[][] labels, int classes) {
        for (int w = 0; w < labels.length; w++) {
            double[] row = labels[w];
            if (row == null) {
                continue;
            }
            if (row.length != classes) {
                throw new IllegalArgumentException(aggregator + ": expected soft labels over " + classes
                        + " classes, got " + row.length + " from labeler " + w);
            }
            double sum = 0;
            for (int k = 0; k < classes; k++) {
                if (!(row[k] >= 0)) {
                    throw new IllegalArgumentException(aggregator + ": expected probabilities of at least 0, got "
                            + row[k] + " from labeler " + w + " for class " + k);
                }
                sum += row[k];
            }
            if (!(Math.abs(sum - 1) <= ROW_SUM_TOLERANCE)) {
                throw new IllegalArgumentException(
                        aggregator + ": expected a soft label that sums to 1, got " + sum + " from labeler " + w);
            }
        }
    }

    /** Number of classes of the first row that is not null; 0 if all are. */
    static int classes(double[][] labels) {
        for (double[] row : labels) {
            if (row != null) {
                return row.length;
            }
        }
        return 0;
    }
}
