package dev.chorus.supervise.boost;

import java.util.Arrays;

/** Weights of examples and of weak models, round by round; what the binary and the token-level form share. */
public final class Boosting {
    /** Training stops after as many rounds that had to be skipped. */
    public static final int MAX_SKIPS = 3;

    /** Errors of 0 and 1 would give infinite weights. */
    private static final double LEAST_ERROR = 1e-10;

    private static final String NAME = "boosting";

    private Boosting() {}

    /**
     * What a round gives.
     *
     * @param error   weighted share of wrong examples, clipped to [1e-10, 1 - 1e-10]
     * @param weight  a of the round's model; 0 for one that is skipped
     * @param next    [N] weights of the examples for the next round, sum 1; as they were if the round is skipped
     * @param skipped whether the model is no better than chance, and is left out
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Round(double error, double weight, double[] next, boolean skipped) {}

    /** Equal weights 1/N of the first round. */
    public static double[] equal(int examples) {
        double[] weights = new double[examples];
        Arrays.fill(weights, 1.0 / examples);
        return weights;
    }

    /**
     * AdaBoost of two classes (Freund and Schapire 1997), as in the code of arXiv:2410.04571.
     *
     * <pre>{@code
     * e = sum_i D_i [wrong_i],   a = ln((1 - e) / e) / 2,   D_i <- D_i e^a if wrong, D_i e^-a if right, normalised
     * }</pre>
     *
     * <p>D serves as weights {@code N D_i} of the cross-entropy, or as probabilities of a resampling.
     *
     * @param weights D [N] at least 0, sum 1
     * @param wrong   [N] whether the round's model, trained on D, errs
     * @return skipped where e is at least 0.5
     */
    public static Round binary(double[] weights, boolean[] wrong) {
        double error = error(weights, wrong);
        if (error >= 0.5) {
            return new Round(error, 0, weights.clone(), true);
        }
        double a = 0.5 * Math.log((1 - error) / error);
        return new Round(error, a, reweighted(weights, wrong, Math.exp(a), Math.exp(-a)), false);
    }

    /**
     * SAMME (Zhu et al. 2009) over tokens: each answer token is one weighted example.
     *
     * <pre>{@code
     * e = sum D [wrong] / sum D,   a = ln((1 - e) / e) + ln(K - 1),   D <- D e^a if wrong, normalised
     * }</pre>
     *
     * <p>With K the whole vocabulary {@code ln(K - 1)} outweighs everything else and all models count nearly alike; K is a parameter
     * for that reason.
     *
     * @param weights D [tokens] at least 0, not all 0
     * @param wrong   [tokens] whether the model's most probable token is another
     * @param classes K, at least 2
     * @return skipped where e is at least 1 - 1 / K, no better than chance
     */
    public static Round tokens(double[] weights, boolean[] wrong, int classes) {
        if (classes < 2) {
            throw new IllegalArgumentException(NAME + ": expected at least 2 classes, got " + classes);
        }
        double error = error(weights, wrong);
        double a = Math.log((1 - error) / error) + Math.log(classes - 1);
        if (a <= 0) {
            return new Round(error, 0, weights.clone(), true);
        }
        return new Round(error, a, reweighted(weights, wrong, Math.exp(a), 1), false);
    }

    /**
     * The team's distribution: of classes, and of the next token (whose largest is fed back).
     *
     * <pre>{@code
     * p = sum_m a_m p_m / sum_m a_m
     * }</pre>
     *
     * @param weights       a [M] at least 0
     * @param probabilities [M][K]
     * @return [K]; of a single model its own; of weights that are all 0 the plain mean
     */
    public static double[] mix(double[] weights, double[][] probabilities) {
        if (weights.length == 0 || weights.length != probabilities.length) {
            throw new IllegalArgumentException(NAME + ": expected at least one model and a weight for each, got "
                    + probabilities.length + " models and " + weights.length + " weights");
        }
        double total = Arrays.stream(weights).sum();
        double[] mixed = new double[probabilities[0].length];
        for (int m = 0; m < weights.length; m++) {
            double share = total == 0 ? 1.0 / weights.length : weights[m] / total;
            for (int k = 0; k < mixed.length; k++) {
                mixed[k] += share * probabilities[m][k];
            }
        }
        return mixed;
    }

    /**
     * The discrete vote of two classes, {@code sum_m a_m (+1 or -1)}.
     *
     * @param weights a [M]
     * @param votes   [M] 0 or 1
     * @return above 0 for class 1, below 0 for class 0
     */
    public static double discrete(double[] weights, int[] votes) {
        double sum = 0;
        for (int m = 0; m < weights.length; m++) {
            sum += votes[m] == 1 ? weights[m] : -weights[m];
        }
        return sum;
    }

    private static double error(double[] weights, boolean[] wrong) {
        if (weights.length == 0 || weights.length != wrong.length) {
            throw new IllegalArgumentException(NAME + ": expected at least one example and a weight for each, got "
                    + wrong.length + " examples and " + weights.length + " weights");
        }
        double sum = 0;
        double total = 0;
        for (int i = 0; i < weights.length; i++) {
            if (!(weights[i] >= 0)) {
                throw new IllegalArgumentException(
                        NAME + ": expected weights of at least 0, got " + weights[i] + " of example " + i);
            }
            total += weights[i];
            sum += wrong[i] ? weights[i] : 0;
        }
        if (!(total > 0)) {
            throw new IllegalArgumentException(NAME + ": expected a weight above 0, got none");
        }
        return Math.min(1 - LEAST_ERROR, Math.max(LEAST_ERROR, sum / total));
    }

    private static double[] reweighted(double[] weights, boolean[] wrong, double ifWrong, double ifRight) {
        double[] next = new double[weights.length];
        double sum = 0;
        for (int i = 0; i < next.length; i++) {
            next[i] = weights[i] * (wrong[i] ? ifWrong : ifRight);
            sum += next[i];
        }
        for (int i = 0; i < next.length; i++) {
            next[i] /= sum;
        }
        return next;
    }
}
