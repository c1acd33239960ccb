package dev.chorus.kernels;

import dev.chorus.kernels.EvidentialLoss.Evidence;

/**
 * {@link EvidentialTokenLoss} in double on plain arrays, for tests and to read: each row's label, which
 * {@link EvidentialLossReference} then takes. Arguments are not checked.
 */
final class EvidentialTokenLossReference {
    /** Below this much probability outside of the named tokens, the rest of the mass is spread evenly. */
    private static final double LEAST_REST = 1e-6;

    private EvidentialTokenLossReference() {}

    /** y [N][1][V], one label a row. */
    static double[][][] labels(double[][] logits, long[][] ids, double[][] probabilities) {
        double[][][] labels = new double[logits.length][][];
        for (int n = 0; n < logits.length; n++) {
            labels[n] = new double[][] {label(logits[n], ids[n], probabilities[n])};
        }
        return labels;
    }

    private static double[] label(double[] z, long[] ids, double[] probabilities) {
        double[] y = softmax(z);
        double named = 0;
        double modelNamed = 0;
        int others = z.length;
        for (int j = 0; j < ids.length; j++) {
            if (ids[j] >= 0) {
                named += probabilities[j];
                modelNamed += y[(int) ids[j]];
                others--;
            }
        }
        double rest = Math.max(1 - named, 0);
        for (int v = 0; v < y.length; v++) {
            y[v] = 1 - modelNamed < LEAST_REST ? rest / others : y[v] * rest / (1 - modelNamed);
        }
        for (int j = 0; j < ids.length; j++) {
            if (ids[j] >= 0) {
                y[(int) ids[j]] = probabilities[j];
            }
        }
        return y;
    }

    static EvidentialLossReference.Result forward(
            double[][] logits,
            long[][] ids,
            double[][] probabilities,
            double[] weights,
            Evidence evidence,
            double klWeight) {
        return EvidentialLossReference.forward(
                logits, labels(logits, ids, probabilities), null, weights, evidence, klWeight);
    }

    /** dlogits [N, V]; the labels are held constant. */
    static double[][] backward(
            double[] dloss,
            double[][] logits,
            long[][] ids,
            double[][] probabilities,
            double[] weights,
            Evidence evidence,
            double klWeight) {
        return EvidentialLossReference.backward(
                dloss, logits, labels(logits, ids, probabilities), null, weights, evidence, klWeight);
    }

    private static double[] softmax(double[] z) {
        double max = Double.NEGATIVE_INFINITY;
        for (double value : z) {
            max = Math.max(max, value);
        }
        double[] p = new double[z.length];
        double sum = 0;
        for (int v = 0; v < z.length; v++) {
            p[v] = Math.exp(z[v] - max);
            sum += p[v];
        }
        for (int v = 0; v < z.length; v++) {
            p[v] /= sum;
        }
        return p;
    }
}
