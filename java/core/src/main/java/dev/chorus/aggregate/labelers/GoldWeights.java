package dev.chorus.aggregate.labelers;

import dev.chorus.aggregate.votes.Votes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Weights of labelers from a few tasks whose labels are known.
 *
 * <pre>{@code
 * a_i = (right_i + 1) / (seen_i + K)                                accuracy, smoothed
 * accuracy power:  lambda_i = a_i^p / sum_j a_j^p
 * log-odds:        lambda_i = max(0, ln((K - 1) a_i / (1 - a_i)))    weighted majority
 * temperature:     T_i = argmin_T of the gold's negative log-likelihood under softmax(ln y_i / T)
 * }</pre>
 *
 * <p>Log-odds weights are those of the best weighted vote of independent labelers (Nitzan and Paroush 1982, International
 * Economic Review 23(2)); temperature scaling is Guo et al. 2017, arXiv:1706.04599, one temperature a labeler.
 */
public final class GoldWeights {

    private static final double COLDEST = 0.01;
    private static final double HOTTEST = 100;

    private GoldWeights() {}

    /**
     * How labelers did on gold tasks.
     *
     * @param right [workers] votes that are the gold label
     * @param seen  [workers] votes on gold tasks
     */
    public record Counts(int[] right, int[] seen) {}

    /** Counts the votes on tasks with a gold label. */
    public static Counts counts(Votes votes) {
        int[] right = new int[votes.workers()];
        int[] seen = new int[votes.workers()];
        for (int t = 0; t < votes.tasks(); t++) {
            int gold = votes.gold(t);
            for (int v = votes.start(t); gold != Votes.MISSING && v < votes.start(t + 1); v++) {
                seen[votes.worker(v)]++;
                right[votes.worker(v)] += votes.label(v) == gold ? 1 : 0;
            }
        }
        return new Counts(right, seen);
    }

    /**
     * Smoothed accuracies.
     *
     * @param right   [W] right answers
     * @param seen    [W] answers on gold tasks
     * @param classes K
     * @return [W], above 0 and below 1
     * @throws IllegalArgumentException if lengths differ or more are right than seen
     */
    public static double[] accuracy(int[] right, int[] seen, int classes) {
        if (right.length != seen.length) {
            throw new IllegalArgumentException(
                    "gold weights: expected two counts a labeler, got " + right.length + " and " + seen.length);
        }
        double[] accuracy = new double[right.length];
        for (int w = 0; w < right.length; w++) {
            if (right[w] < 0 || right[w] > seen[w]) {
                throw new IllegalArgumentException("gold weights: expected 0 to " + seen[w] + " right answers, got "
                        + right[w] + " for labeler " + w);
            }
            accuracy[w] = (right[w] + 1.0) / (seen[w] + classes);
        }
        return accuracy;
    }

    /**
     * Weights by a power of the accuracy.
     *
     * @param power 2 is a good first choice; 0 makes all alike
     * @return [W], sum to 1
     */
    public static double[] accuracyPower(int[] right, int[] seen, int classes, double power) {
        double[] weights = accuracy(right, seen, classes);
        double sum = 0;
        for (int w = 0; w < weights.length; w++) {
            weights[w] = Math.pow(weights[w], power);
            sum += weights[w];
        }
        for (int w = 0; w < weights.length; w++) {
            weights[w] /= sum;
        }
        return weights;
    }

    /**
     * Weights by log-odds against chance.
     *
     * @return [W], at least 0, in nats; 0 for a labeler no better than chance
     */
    public static double[] logOdds(int[] right, int[] seen, int classes) {
        double[] weights = accuracy(right, seen, classes);
        for (int w = 0; w < weights.length; w++) {
            weights[w] = Math.max(0, Math.log((classes - 1) * weights[w] / (1 - weights[w])));
        }
        return weights;
    }

    /**
     * The temperature under which one labeler's probabilities fit the gold best.
     *
     * @param rows [n][K] its probabilities on gold tasks, rows sum to 1
     * @param gold [n] the labels
     * @return 0.01 to 100: above 1 for a labeler that is too sure
     * @throws IllegalArgumentException if there is no row, or lengths differ
     */
    public static double temperature(double[][] rows, int[] gold) {
        if (rows.length == 0 || rows.length != gold.length) {
            throw new IllegalArgumentException("temperature: expected a gold label for each of at least one row, got "
                    + rows.length + " rows and " + gold.length + " labels");
        }
        // The likelihood is concave in 1 / T: its slope has one root.
        double low = 1 / HOTTEST;
        double high = 1 / COLDEST;
        for (int i = 0; i < 200 && high - low > 1e-13 * high; i++) {
            double middle = (low + high) / 2;
            if (slope(rows, gold, middle) > 0) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return 2 / (low + high);
    }

    /**
     * Each labeler's temperature from its soft votes on gold tasks; 1 for a labeler without one.
     *
     * @return [workers]
     */
    public static double[] temperatures(Votes votes) {
        List<List<double[]>> rows = new ArrayList<>();
        List<List<Integer>> gold = new ArrayList<>();
        for (int w = 0; w < votes.workers(); w++) {
            rows.add(new ArrayList<>());
            gold.add(new ArrayList<>());
        }
        for (int t = 0; t < votes.tasks(); t++) {
            for (int v = votes.start(t); votes.gold(t) != Votes.MISSING && v < votes.start(t + 1); v++) {
                double p = votes.probability(v);
                if (!Double.isNaN(p)) {
                    double[] row = new double[votes.classes()];
                    Arrays.fill(row, (1 - p) / (votes.classes() - 1));
                    row[votes.label(v)] = p;
                    rows.get(votes.worker(v)).add(row);
                    gold.get(votes.worker(v)).add(votes.gold(t));
                }
            }
        }
        double[] temperatures = new double[votes.workers()];
        for (int w = 0; w < temperatures.length; w++) {
            temperatures[w] = rows.get(w).isEmpty()
                    ? 1
                    : temperature(
                            rows.get(w).toArray(new double[0][]),
                            gold.get(w).stream().mapToInt(Integer::intValue).toArray());
        }
        return temperatures;
    }

    /**
     * The votes with each labeler's probabilities at its temperature.
     *
     * @param temperatures [workers] each above 0
     */
    public static Votes tempered(Votes votes, double[] temperatures) {
        float[] values = new float[votes.size()];
        for (int v = 0; v < values.length; v++) {
            double p = votes.probability(v);
            double inverse = 1 / temperatures[votes.worker(v)];
            double own = Math.pow(p, inverse);
            double others = (votes.classes() - 1) * Math.pow((1 - p) / Math.max(1, votes.classes() - 1), inverse);
            values[v] = (float) (own / (own + others));
        }
        return votes.withProbabilities(values);
    }

    /** Mean negative log-likelihood of the gold labels under rows at a temperature, in nats. */
    public static double negativeLogLikelihood(double[][] rows, int[] gold, double temperature) {
        double sum = 0;
        for (int n = 0; n < rows.length; n++) {
            double[] heated = heated(rows[n], 1 / temperature);
            sum -= Math.log(heated[gold[n]]);
        }
        return sum / rows.length;
    }

    /** Derivative of the mean log-likelihood by 1 / T. */
    private static double slope(double[][] rows, int[] gold, double inverse) {
        double sum = 0;
        for (int n = 0; n < rows.length; n++) {
            double[] heated = heated(rows[n], inverse);
            double expected = 0;
            for (int k = 0; k < heated.length; k++) {
                expected += heated[k] * log(rows[n][k]);
            }
            sum += log(rows[n][gold[n]]) - expected;
        }
        return sum / rows.length;
    }

    /** A row at a temperature. */
    private static double[] heated(double[] row, double inverse) {
        double[] heated = new double[row.length];
        double max = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < row.length; k++) {
            heated[k] = inverse * log(row[k]);
            max = Math.max(max, heated[k]);
        }
        double sum = 0;
        for (int k = 0; k < row.length; k++) {
            heated[k] = Math.exp(heated[k] - max);
            sum += heated[k];
        }
        for (int k = 0; k < row.length; k++) {
            heated[k] /= sum;
        }
        return heated;
    }

    private static double log(double p) {
        return Math.log(Math.max(p, 1e-12));
    }
}
