package dev.chorus.reliability;

/**
 * Weights of rows by other measures than votes: an uncertainty of any kind, or the posterior of an aggregator.
 *
 * <pre>{@code
 * of uncertainty:  w_n = exp(-(u_n - min u) / T)        1 for the surest row
 * of posterior:    w_n = P_n(label_n)
 * }</pre>
 *
 * <p>Ours; the first has the form of reliability re-weighting (arXiv:2406.19032) with an uncertainty for the vote share.
 */
public final class UncertaintyWeights {
    private UncertaintyWeights() {}

    /**
     * Weights that fall with uncertainty.
     *
     * @param uncertainty [N] any measure that grows with doubt, negative ones too; NaN for a row that is dropped
     * @param temperature T above 0, in the measure's unit
     * @return [N] in [0, 1]; 0 where the uncertainty is NaN
     */
    public static double[] ofUncertainty(double[] uncertainty, double temperature) {
        if (!(temperature > 0)) {
            throw new IllegalArgumentException(
                    "uncertainty weights: expected a temperature above 0, got " + temperature);
        }
        double least = Double.POSITIVE_INFINITY;
        for (double u : uncertainty) {
            // Not Math.min, which would pass NaN on.
            least = u < least ? u : least;
        }
        double[] weights = new double[uncertainty.length];
        for (int n = 0; n < weights.length; n++) {
            weights[n] = Double.isNaN(uncertainty[n]) ? 0 : Math.exp(-(uncertainty[n] - least) / temperature);
        }
        return weights;
    }

    /**
     * How probable the label that a row is trained on is under a posterior.
     *
     * @param posterior [N][K]; a null row is an item that nobody answered
     * @param labels    [N] in 0 to K - 1; what stands beside a null row does not matter
     * @return [N]; 0 for a null row
     */
    public static double[] ofPosterior(double[][] posterior, int[] labels) {
        if (posterior.length != labels.length) {
            throw new IllegalArgumentException("uncertainty weights: expected a label for each of " + posterior.length
                    + " rows, got " + labels.length);
        }
        double[] weights = new double[labels.length];
        for (int n = 0; n < weights.length; n++) {
            if (posterior[n] == null) {
                continue;
            }
            if (labels[n] < 0 || labels[n] >= posterior[n].length) {
                throw new IllegalArgumentException("uncertainty weights: expected a label from 0 to "
                        + (posterior[n].length - 1) + ", got " + labels[n] + " in row " + n);
            }
            weights[n] = posterior[n][labels[n]];
        }
        return weights;
    }
}
