package dev.chorus.kernels;

import static dev.chorus.math.SpecialFunctions.digamma;
import static dev.chorus.math.SpecialFunctions.lnGamma;
import static dev.chorus.math.SpecialFunctions.trigamma;

import dev.chorus.kernels.EvidentialLoss.Evidence;

/**
 * {@link EvidentialLoss} as the papers write it, in double on plain arrays: for tests, and to read. Arguments are not
 * checked; digits are lost where a concentration is beyond about 1e8.
 */
final class EvidentialLossReference {
    private static final double MAX_KL_LOGIT = 40;

    private EvidentialLossReference() {}

    /** loss, nll and kl, each [N], in nats. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Result(double[] loss, double[] nll, double[] kl) {}

    static Result forward(
            double[][] logits,
            double[][][] targets,
            double[][] lambda,
            double[] weights,
            Evidence evidence,
            double klWeight) {
        int rows = logits.length;
        Result result = new Result(new double[rows], new double[rows], new double[rows]);
        for (int n = 0; n < rows; n++) {
            double w = weights == null ? 1 : weights[n];
            if (w == 0) {
                continue;
            }
            double[] z = logits[n];
            double strength = strength(evidence, z);
            for (int i = 0; i < targets[n].length; i++) {
                double part = lambda == null ? 1.0 / targets[n].length : lambda[n][i];
                if (part == 0) {
                    continue;
                }
                double[] y = targets[n][i];
                for (int k = 0; k < z.length; k++) {
                    double alpha = 1 + evidence(evidence, z[k]);
                    result.nll[n] += part * y[k] * (Math.log(strength) - Math.log(alpha));
                }
                double[] concentration = klConcentration(evidence, z, y);
                double total = sum(concentration);
                double kl = lnGamma(total) - lnGamma(z.length);
                for (double a : concentration) {
                    kl += (a - 1) * (digamma(a) - digamma(total)) - lnGamma(a);
                }
                result.kl[n] += part * kl;
            }
            result.loss[n] = w * (result.nll[n] + klWeight * result.kl[n]);
        }
        return result;
    }

    /** dlogits [N, K]. */
    static double[][] backward(
            double[] dloss,
            double[][] logits,
            double[][][] targets,
            double[][] lambda,
            double[] weights,
            Evidence evidence,
            double klWeight) {
        double[][] dlogits = new double[logits.length][];
        for (int n = 0; n < logits.length; n++) {
            double[] z = logits[n];
            dlogits[n] = new double[z.length];
            double w = weights == null ? 1 : weights[n];
            if (w == 0) {
                continue;
            }
            double strength = strength(evidence, z);
            for (int i = 0; i < targets[n].length; i++) {
                double part = lambda == null ? 1.0 / targets[n].length : lambda[n][i];
                if (part == 0) {
                    continue;
                }
                double[] y = targets[n][i];
                double[] a = klConcentration(evidence, z, y);
                double total = sum(a);
                for (int k = 0; k < z.length; k++) {
                    double slope = slope(evidence, z[k]);
                    double dnll = sum(y) / strength - y[k] / (1 + evidence(evidence, z[k]));
                    double dkl = (1 - y[k]) * ((a[k] - 1) * trigamma(a[k]) - (total - z.length) * trigamma(total));
                    double klSlope = klLogit(evidence, z[k]) == z[k] ? slope : 0;
                    dlogits[n][k] += dloss[n] * w * part * (dnll * slope + klWeight * dkl * klSlope);
                }
            }
        }
        return dlogits;
    }

    private static double evidence(Evidence evidence, double z) {
        return switch (evidence) {
            case EXP -> Math.exp(z);
            case SOFTPLUS -> Math.log1p(Math.exp(z));
            case RELU -> Math.max(z, 0);
        };
    }

    private static double slope(Evidence evidence, double z) {
        return switch (evidence) {
            case EXP -> Math.exp(z);
            case SOFTPLUS -> 1 / (1 + Math.exp(-z));
            case RELU -> z > 0 ? 1 : 0;
        };
    }

    private static double klLogit(Evidence evidence, double z) {
        return evidence == Evidence.EXP ? Math.min(z, MAX_KL_LOGIT) : z;
    }

    private static double strength(Evidence evidence, double[] z) {
        double strength = z.length;
        for (double value : z) {
            strength += evidence(evidence, value);
        }
        return strength;
    }

    private static double[] klConcentration(Evidence evidence, double[] z, double[] y) {
        double[] concentration = new double[z.length];
        for (int k = 0; k < z.length; k++) {
            concentration[k] = 1 + (1 - y[k]) * evidence(evidence, klLogit(evidence, z[k]));
        }
        return concentration;
    }

    private static double sum(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum;
    }
}
