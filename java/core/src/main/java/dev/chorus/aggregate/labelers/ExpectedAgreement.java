package dev.chorus.aggregate.labelers;

/**
 * How often two labelers would agree if they erred independently given the truth.
 *
 * <pre>{@code
 * E_ij = mean_n sum_k P_n(k) sum_c C_i[k, c] C_j[k, c]
 * }</pre>
 *
 * <p>Agreement far above it marks a pair of which one repeats the other, or both a third.
 */
public final class ExpectedAgreement {

    private ExpectedAgreement() {}

    /**
     * The expectation.
     *
     * @param truth  [n][K] what is known of each task's class, rows sum to 1
     * @param first  [K][K] one labeler's confusion matrix, rows sum to 1
     * @param second [K][K] the other's
     * @return 0 to 1
     */
    public static double of(double[][] truth, double[][] first, double[][] second) {
        double sum = 0;
        for (double[] row : truth) {
            for (int k = 0; k < row.length; k++) {
                double same = 0;
                for (int c = 0; c < row.length; c++) {
                    same += first[k][c] * second[k][c];
                }
                sum += row[k] * same;
            }
        }
        return sum / truth.length;
    }
}
