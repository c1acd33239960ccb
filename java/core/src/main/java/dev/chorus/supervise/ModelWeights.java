package dev.chorus.supervise;

import java.util.Arrays;

/**
 * Weights over the weak models (Cui et al., arXiv:2406.03199; the presets are those of the authors' scripts), of losses and of scores.
 */
public final class ModelWeights {
    /** Weights written with a few decimals are off by less than this. */
    static final double SUM_TOLERANCE = 1e-6;

    private static final String NAME = "model weights";

    private ModelWeights() {}

    /**
     * The authors' fixed weights, by what is weighted; in the order GPT2-Large, OPT-1.3B, Pythia-1.4B, BLOOM-1B1,
     * TinyLlama-v1.1. How they were chosen is not known.
     */
    public enum Preset {
        /** lambda of the losses. */
        LOSSES,
        /** omega of joint decoding. */
        JOINT,
        /** omega of the preference stage. */
        PREFERENCES;

        /**
         * The preset of a team.
         *
         * @param models W
         * @throws IllegalArgumentException if the authors had no team of that size; names the sizes
         */
        public double[] of(int models) {
            if (models == 5) {
                return new double[] {.1, .3, .2, .3, .1};
            }
            if (models == 4 && this == JOINT) {
                return new double[] {.4, .2, .2, .2};
            }
            if (models == 3) {
                return switch (this) {
                    case LOSSES -> new double[] {.25, .25, .5};
                    case JOINT -> new double[] {.5, .2, .3};
                    case PREFERENCES -> new double[] {.3, .3, .4};
                };
            }
            throw new IllegalArgumentException(
                    NAME + ": the fixed weights exist for " + (this == JOINT ? "3, 4 or 5" : "3 or 5")
                            + " weak models, not for " + models + "; use the mean, or list the weights");
        }
    }

    /** Equal weights, the default. */
    public static double[] mean(int models) {
        if (models < 1) {
            throw new IllegalArgumentException(NAME + ": expected at least 1 weak model, got " + models);
        }
        double[] weights = new double[models];
        Arrays.fill(weights, 1.0 / models);
        return weights;
    }

    /**
     * Weights of one item by how sure each model is of its own text: the softmax of the mean log-scores of its words.
     *
     * @param meanWordScores [W] nats; NaN for a model without a text, which gets weight 0
     * @return [W], sums to 1
     */
    public static double[] dynamic(double[] meanWordScores) {
        double largest = Double.NEGATIVE_INFINITY;
        for (double score : meanWordScores) {
            largest = score > largest ? score : largest;
        }
        if (largest == Double.NEGATIVE_INFINITY) {
            throw new IllegalArgumentException(NAME + ": expected the finite score of at least one weak model, got "
                    + Arrays.toString(meanWordScores));
        }
        double[] weights = new double[meanWordScores.length];
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            weights[i] = Double.isNaN(meanWordScores[i]) ? 0 : Math.exp(meanWordScores[i] - largest);
            sum += weights[i];
        }
        for (int i = 0; i < weights.length; i++) {
            weights[i] /= sum;
        }
        return weights;
    }

    /**
     * Weights by a power of each model's score on a few gold items: smoothed accuracy, or for texts a mean score.
     *
     * @param scores [W] in [0, 1], not all 0
     * @param power  at least 0; 2 is a good first choice, 0 gives the mean
     * @return [W], sums to 1
     */
    public static double[] power(double[] scores, double power) {
        return normalised(Arrays.stream(scores).map(a -> Math.pow(a, power)).toArray());
    }

    /**
     * Weights by the log-odds of each model's accuracy against chance, {@code max(0, ln((K - 1) a / (1 - a)))}: those of the best vote
     * of independent labelers (Nitzan and Paroush 1982).
     *
     * @param accuracies [W] in [0, 1), smoothed
     * @param classes    K, at least 2
     * @return [W], sums to 1; equal if no model is better than chance
     */
    public static double[] logOdds(double[] accuracies, int classes) {
        double[] odds = new double[accuracies.length];
        double sum = 0;
        for (int i = 0; i < odds.length; i++) {
            double a = accuracies[i];
            if (!(a >= 0 && a < 1)) {
                throw new IllegalArgumentException(NAME + ": expected accuracies of at least 0 and below 1, got "
                        + Arrays.toString(accuracies) + "; smooth them by one right answer");
            }
            odds[i] = Math.max(0, Math.log((classes - 1) * a / (1 - a)));
            sum += odds[i];
        }
        return sum == 0 ? mean(odds.length) : normalised(odds);
    }

    /**
     * The weights of one item, shared out among the models that answered.
     *
     * @param lambda   [W] at least 0, sum 1
     * @param answered [W]
     * @return [W], sums to 1; all 0 if nobody with a weight answered: the item is dropped
     */
    public static double[] renormalise(double[] lambda, boolean[] answered) {
        double sum = 0;
        for (int i = 0; i < lambda.length; i++) {
            sum += answered[i] ? lambda[i] : 0;
        }
        double[] weights = new double[lambda.length];
        for (int i = 0; i < lambda.length && sum > 0; i++) {
            weights[i] = answered[i] ? lambda[i] / sum : 0;
        }
        return weights;
    }

    /** Refuses weights that are not finite, below 0, or do not sum to 1. */
    public static void requireSumOne(String what, double[] weights) {
        double sum = 0;
        for (double weight : weights) {
            if (!(weight >= 0)) {
                throw new IllegalArgumentException(
                        what + ": expected weights of at least 0, got " + Arrays.toString(weights));
            }
            sum += weight;
        }
        if (!(Math.abs(sum - 1) < SUM_TOLERANCE)) {
            throw new IllegalArgumentException(what + ": expected weights that sum to 1, got "
                    + Arrays.toString(weights) + ", which sum to " + sum);
        }
    }

    private static double[] normalised(double[] values) {
        double sum = Arrays.stream(values).sum();
        if (!(sum > 0 && sum < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    NAME + ": expected finite values with a sum above 0, got " + Arrays.toString(values));
        }
        return Arrays.stream(values).map(v -> v / sum).toArray();
    }
}
