package dev.chorus.probe;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Says from a model's hidden states whether the model's own answer is right: logistic regression on standardised features, taught on
 * items whose answers were judged. Ours; after probes for what a model knows it does not know.
 *
 * <p>There are few judged items and many features: the penalty is the one of five with the smallest loss in five-fold
 * cross-validation, item n in fold n mod 5; the stronger one on ties.
 */
public final class CorrectnessProbe {
    private static final double[] PENALTIES = {10, 1, 0.1, 0.01, 0.001};
    private static final int FOLDS = 5;
    private static final double LEAST = 1e-6;

    private final double[] mean;
    private final double[] scale;
    private final LogisticProbe probe;
    private final double penalty;

    private CorrectnessProbe(double[] mean, double[] scale, LogisticProbe probe, double penalty) {
        this.mean = mean;
        this.scale = scale;
        this.probe = probe;
        this.penalty = penalty;
    }

    /**
     * Fits the probe.
     *
     * @param features [N][D] hidden states, finite
     * @param right    [N] in [0, 1]: 1 for a right answer; a score of a partly right one
     * @throws IllegalArgumentException if there is no item, or a value is outside its range
     */
    public static CorrectnessProbe fit(double[][] features, double[] right) {
        ProbeRows.check("correctness probe", features, right);
        double[] mean = new double[features[0].length];
        double[] scale = new double[mean.length];
        for (double[] row : features) {
            for (int d = 0; d < mean.length; d++) {
                mean[d] += row[d] / features.length;
            }
        }
        for (double[] row : features) {
            for (int d = 0; d < mean.length; d++) {
                scale[d] += (row[d] - mean[d]) * (row[d] - mean[d]) / features.length;
            }
        }
        for (int d = 0; d < mean.length; d++) {
            // A feature that never changes says nothing, and 0 stays 0.
            scale[d] = scale[d] > 0 ? 1 / Math.sqrt(scale[d]) : 0;
        }
        double[][] scaled = scaled(features, mean, scale);
        double penalty = PENALTIES[0];
        double least = Double.POSITIVE_INFINITY;
        for (double each : PENALTIES) {
            double loss = crossValidated(scaled, right, each);
            if (loss < least) {
                least = loss;
                penalty = each;
            }
        }
        return new CorrectnessProbe(mean, scale, LogisticProbe.fit(scaled, right, penalty), penalty);
    }

    /** [N] probabilities that the answers are right. */
    public double[] predict(double[][] features) {
        return probe.predict(scaled(features, mean, scale));
    }

    /** The penalty that was chosen. */
    public double penalty() {
        return penalty;
    }

    private static double crossValidated(double[][] features, double[] right, double penalty) {
        double loss = 0;
        for (int fold = 0; fold < Math.min(FOLDS, features.length); fold++) {
            double[][] taught = part(features, fold, false);
            if (taught.length == 0) {
                continue;
            }
            double[] predicted = LogisticProbe.fit(taught, labels(right, fold, false), penalty)
                    .predict(part(features, fold, true));
            double[] held = labels(right, fold, true);
            for (int n = 0; n < held.length; n++) {
                double p = Math.min(1 - LEAST, Math.max(LEAST, predicted[n]));
                loss -= held[n] * Math.log(p) + (1 - held[n]) * Math.log(1 - p);
            }
        }
        return loss;
    }

    private static double[][] part(double[][] rows, int fold, boolean held) {
        return IntStream.range(0, rows.length)
                .filter(n -> (n % FOLDS == fold) == held)
                .mapToObj(n -> rows[n])
                .toArray(double[][]::new);
    }

    private static double[] labels(double[] right, int fold, boolean held) {
        return IntStream.range(0, right.length)
                .filter(n -> (n % FOLDS == fold) == held)
                .mapToDouble(n -> right[n])
                .toArray();
    }

    private static double[][] scaled(double[][] features, double[] mean, double[] scale) {
        return Arrays.stream(features)
                .map(row -> {
                    double[] each = new double[row.length];
                    Arrays.setAll(each, d -> (row[d] - mean[d]) * scale[d]);
                    return each;
                })
                .toArray(double[][]::new);
    }
}
