package dev.chorus.supervise;

import java.util.Arrays;

/**
 * Weights over weak models from a few items with gold labels: where labelers differ in quality no loss finds out, but fifty gold
 * items do.
 *
 * <pre>{@code
 * a_i = (c_i + 1) / (n + K)                               smoothed accuracy; for generation the mean score on the gold items
 * accuracy-power  lambda_i proportional to a_i^p
 * log-odds        lambda_i proportional to max(0, ln((K - 1) a_i / (1 - a_i)))
 * temperature     T_i = argmin of the gold NLL of softmax(ln y_i / T)
 * }</pre>
 *
 * <p>Log-odds are the weights of the optimal vote of independent labelers (Nitzan and Paroush 1982); the temperature is that of
 * Guo et al., arXiv:1706.04599.
 */
public final class GoldWeights {
    /** The power of accuracy-power. */
    public static final double DEFAULT_POWER = 2;

    /** Temperatures are looked for between these; beyond them a labeler says nothing, or is never wrong. */
    private static final double LEAST_TEMPERATURE = 1e-2;

    private static final double GREATEST_TEMPERATURE = 1e2;

    /** A probability of 0 counts as this inside the logarithm. */
    private static final double LEAST_PROBABILITY = 1e-12;

    private static final String NAME = "weights from gold";

    private GoldWeights() {}

    /**
     * Smoothed accuracies.
     *
     * @param correct [W] right answers, 0 to n
     * @param n       gold items
     * @param classes K, at least 1
     */
    public static double[] accuracies(int[] correct, int n, int classes) {
        double[] accuracies = new double[correct.length];
        for (int i = 0; i < accuracies.length; i++) {
            if (correct[i] < 0 || correct[i] > n) {
                throw new IllegalArgumentException(NAME + ": expected from 0 to " + n + " right answers, got "
                        + correct[i] + " of weak model " + i);
            }
            accuracies[i] = (correct[i] + 1.0) / (n + classes);
        }
        return accuracies;
    }

    /**
     * Weights by a power of the accuracy.
     *
     * @param accuracies [W] in [0, 1], not all 0
     * @param power      p, at least 0; 0 gives the mean
     * @return [W], sums to 1
     */
    public static double[] accuracyPower(double[] accuracies, double power) {
        return normalised(Arrays.stream(accuracies).map(a -> Math.pow(a, power)).toArray());
    }

    /**
     * {@code max(0, ln((K - 1) a / (1 - a)))} of each model, before they are normalised: 0 for one that is no better than
     * chance.
     *
     * @param accuracies [W] in [0, 1)
     * @param classes    K, at least 2
     */
    public static double[] logOdds(double[] accuracies, int classes) {
        return Arrays.stream(accuracies)
                .map(a -> Math.max(0, Math.log((classes - 1) * a / (1 - a))))
                .toArray();
    }

    /**
     * The log-odds as weights.
     *
     * @return [W], sums to 1; equal if no model is better than chance
     */
    public static double[] logOddsWeights(double[] accuracies, int classes) {
        double[] odds = logOdds(accuracies, classes);
        return Arrays.stream(odds).sum() == 0 ? ModelWeights.mean(odds.length) : normalised(odds);
    }

    /**
     * The temperature of one labeler.
     *
     * @param labels [n][K] its soft labels of the gold items, n at least 1
     * @param gold   [n]
     * @return T from 0.01 to 100: an end of the range where the NLL falls beyond it
     */
    public static double temperature(double[][] labels, int[] gold) {
        if (labels.length == 0 || labels.length != gold.length) {
            throw new IllegalArgumentException(NAME + ": expected soft labels of at least one gold item, got "
                    + labels.length + " labels and " + gold.length + " gold items");
        }
        // The NLL is convex in 1 / T: bisection on its slope.
        double low = 1 / GREATEST_TEMPERATURE;
        double high = 1 / LEAST_TEMPERATURE;
        if (slope(labels, gold, low) >= 0) {
            return GREATEST_TEMPERATURE;
        }
        if (slope(labels, gold, high) <= 0) {
            return LEAST_TEMPERATURE;
        }
        for (int i = 0; i < 200 && Math.nextUp(low) < high; i++) {
            double middle = 0.5 * (low + high);
            if (slope(labels, gold, middle) < 0) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return 2 / (low + high);
    }

    /**
     * A soft label at another temperature, {@code softmax(ln y / T)}.
     *
     * @param label [K] at least 0
     */
    public static double[] tempered(double[] label, double temperature) {
        double largest = Arrays.stream(label).max().orElseThrow();
        return normalised(Arrays.stream(label)
                .map(y -> Math.exp((logOf(y) - logOf(largest)) / temperature))
                .toArray());
    }

    /** Mean gold NLL of soft labels at a temperature, nats. */
    public static double nll(double[][] labels, int[] gold, double temperature) {
        double sum = 0;
        for (int n = 0; n < gold.length; n++) {
            sum -= Math.log(tempered(labels[n], temperature)[gold[n]]);
        }
        return sum / gold.length;
    }

    /** Derivative of the summed NLL by 1 / T: {@code E_p[ln y] - ln y_gold}. */
    private static double slope(double[][] labels, int[] gold, double inverse) {
        double sum = 0;
        for (int n = 0; n < gold.length; n++) {
            double[] p = tempered(labels[n], 1 / inverse);
            for (int k = 0; k < p.length; k++) {
                sum += p[k] * logOf(labels[n][k]);
            }
            sum -= logOf(labels[n][gold[n]]);
        }
        return sum;
    }

    private static double logOf(double y) {
        return Math.log(Math.max(y, LEAST_PROBABILITY));
    }

    private static double[] normalised(double[] values) {
        double sum = Arrays.stream(values).sum();
        if (!(sum > 0) || Double.isInfinite(sum)) {
            throw new IllegalArgumentException(
                    NAME + ": expected finite values with a sum above 0, got " + Arrays.toString(values));
        }
        return Arrays.stream(values).map(v -> v / sum).toArray();
    }
}
