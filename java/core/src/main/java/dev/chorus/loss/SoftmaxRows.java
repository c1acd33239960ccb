package dev.chorus.loss;

import java.util.Arrays;

/** Arithmetic and checks that losses of class logits share. */
final class SoftmaxRows {
    /** Labels come as float32 or with a few decimals. */
    private static final double SUM_TOLERANCE = 1e-3;

    private SoftmaxRows() {}

    /** Refuses rows that disagree, logits that are not finite, labels that are no distribution. */
    static void check(String loss, double[][] logits, double[][] labels) {
        if (logits.length != labels.length) {
            throw new IllegalArgumentException(
                    loss + ": expected one label for each of " + logits.length + " rows, got " + labels.length);
        }
        for (int n = 0; n < logits.length; n++) {
            checkLogits(loss, logits[n], n);
            if (labels[n].length != logits[n].length) {
                throw new IllegalArgumentException(loss + ": expected a label over " + logits[n].length
                        + " classes, got " + labels[n].length + " in row " + n);
            }
            double sum = 0;
            for (double y : labels[n]) {
                if (!(y >= 0)) {
                    throw new IllegalArgumentException(
                            loss + ": expected labels of at least 0, got " + y + " in row " + n);
                }
                sum += y;
            }
            if (!(Math.abs(sum - 1) <= SUM_TOLERANCE)) {
                throw new IllegalArgumentException(
                        loss + ": expected a label that sums to 1, got " + sum + " in row " + n);
            }
        }
    }

    /** Refuses a row with NaN or an infinity. */
    static void checkLogits(String loss, double[] logits, int row) {
        for (double z : logits) {
            if (!Double.isFinite(z)) {
                throw new IllegalArgumentException(loss + ": expected finite logits, got " + z + " in row " + row);
            }
        }
    }

    static double logSumExp(double[] z) {
        double max = Arrays.stream(z).max().orElse(Double.NEGATIVE_INFINITY);
        double sum = 0;
        for (double value : z) {
            sum += Math.exp(value - max);
        }
        return max + Math.log(sum);
    }

    static double[] logSoftmax(double[] z) {
        double lse = logSumExp(z);
        return Arrays.stream(z).map(value -> value - lse).toArray();
    }

    static double[] softmax(double[] z) {
        return Arrays.stream(logSoftmax(z)).map(Math::exp).toArray();
    }

    /** Cross-entropy of one row against a target that is held constant; gradient {@code p sum t - t}. */
    static double crossEntropy(double[] logp, double[] target, double[] gradient) {
        double value = 0;
        double mass = 0;
        for (int k = 0; k < target.length; k++) {
            value -= target[k] == 0 ? 0 : target[k] * logp[k];
            mass += target[k];
        }
        for (int k = 0; k < target.length; k++) {
            gradient[k] = Math.exp(logp[k]) * mass - target[k];
        }
        return value;
    }

    /** Cross-entropy of every row against targets that are held constant. */
    static RowLosses crossEntropy(double[][] logps, double[][] targets) {
        double[] losses = new double[logps.length];
        double[][] gradients = new double[logps.length][];
        for (int n = 0; n < logps.length; n++) {
            gradients[n] = new double[logps[n].length];
            losses[n] = crossEntropy(logps[n], targets[n], gradients[n]);
        }
        return new RowLosses(losses, gradients);
    }

    static double[][] logSoftmax(double[][] logits) {
        return Arrays.stream(logits).map(SoftmaxRows::logSoftmax).toArray(double[][]::new);
    }

    /** {@code (1 - c) label + c self}, of which self is held constant. */
    static double[] mix(double[] label, double[] self, double c) {
        double[] target = new double[label.length];
        for (int k = 0; k < target.length; k++) {
            target[k] = (1 - c) * label[k] + c * self[k];
        }
        return target;
    }

    static double[] oneHot(int classes, int k) {
        double[] row = new double[classes];
        row[k] = 1;
        return row;
    }
}
