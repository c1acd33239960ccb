package dev.chorus.aggregate;

import java.util.Optional;

/**
 * Weighted mean of the weak models' soft labels.
 *
 * <pre>{@code
 * y_k = sum_w lambda_w y_wk / sum_w lambda_w      over the labelers that answered
 * }</pre>
 *
 * <p>Cross-entropy is linear in the label: training on this mean is the same as the {@code lambda}-weighted sum of the
 * losses against every weak model, the naive multi-weak baseline of Cui et al., arXiv:2406.03199.
 */
public final class SoftAverage {

    private static final String NAME = "soft average";

    private SoftAverage() {}

    /**
     * Plain mean.
     *
     * @param labels [W][K], W at least 1; rows sum to 1; a null row is a missing answer
     * @return [K], sums to 1; empty if every answer is missing
     * @throws IllegalArgumentException if there is no row, the rows disagree in K, or one is no distribution
     */
    public static Optional<double[]> of(double[][] labels) {
        return of(labels, LabelerWeights.equal(labels.length));
    }

    /**
     * Weighted mean; the weights of missing answers are shared out among the others.
     *
     * @param labels [W][K], W at least 1; rows sum to 1; a null row is a missing answer
     * @param lambda [W], at least 0, sums to 1
     * @return [K], sums to 1; empty if every answer is missing or only labelers of weight 0 answered
     * @throws IllegalArgumentException if shapes disagree, a row is no distribution, or the weights do not sum to 1
     */
    public static Optional<double[]> of(double[][] labels, double[] lambda) {
        LabelerWeights.requireSumOne(NAME, lambda, labels.length);
        int classes = SoftLabels.classes(labels);
        SoftLabels.check(NAME, labels, classes);
        double[] mean = new double[classes];
        double total = 0;
        for (int w = 0; w < labels.length; w++) {
            if (labels[w] != null) {
                total += lambda[w];
                for (int k = 0; k < classes; k++) {
                    mean[k] += lambda[w] * labels[w][k];
                }
            }
        }
        if (total == 0) {
            return Optional.empty();
        }
        for (int k = 0; k < classes; k++) {
            mean[k] /= total;
        }
        return Optional.of(mean);
    }
}
