package dev.chorus.loss;

import dev.chorus.kernels.EvidentialLoss.Evidence;

/**
 * One row's logits read as evidence of a Dirichlet, alpha = evidence + 1, in forms that do not overflow.
 *
 * <p>With exp evidence {@code ln alpha = softplus(z)} and {@code ln S = logaddexp(lse(z), ln K)}. Where the concentrations
 * themselves are needed a logit above 40 counts as 40 and has no gradient.
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record EvidenceRow(
        Evidence kind, double[] logits, double[] alpha, double[] slope, double[] logAlpha, double logStrength) {
    static final double LARGEST_EXP_LOGIT = 40;

    static EvidenceRow of(Evidence kind, double[] logits) {
        int classes = logits.length;
        double[] alpha = new double[classes];
        double[] slope = new double[classes];
        double[] logAlpha = new double[classes];
        double strength = 0;
        for (int k = 0; k < classes; k++) {
            double z = logits[k];
            switch (kind) {
                case EXP -> {
                    double evidence = Math.exp(Math.min(z, LARGEST_EXP_LOGIT));
                    alpha[k] = 1 + evidence;
                    slope[k] = z <= LARGEST_EXP_LOGIT ? evidence : 0;
                    logAlpha[k] = softplus(z);
                }
                case SOFTPLUS -> {
                    alpha[k] = 1 + softplus(z);
                    slope[k] = sigma(z);
                    logAlpha[k] = Math.log(alpha[k]);
                }
                case RELU -> {
                    alpha[k] = 1 + Math.max(z, 0);
                    slope[k] = z > 0 ? 1 : 0;
                    logAlpha[k] = Math.log(alpha[k]);
                }
            }
            strength += alpha[k];
        }
        double logStrength = Math.log(strength);
        if (kind == Evidence.EXP) {
            double lse = SoftmaxRows.logSumExp(logits);
            double logClasses = Math.log(classes);
            logStrength = Math.max(lse, logClasses) + Math.log1p(Math.exp(-Math.abs(lse - logClasses)));
        }
        return new EvidenceRow(kind, logits, alpha, slope, logAlpha, logStrength);
    }

    double strength() {
        double strength = 0;
        for (double a : alpha) {
            strength += a;
        }
        return strength;
    }

    /** {@code sum_k y_k (ln S - ln alpha_k)}, y at least 0. */
    double nll(double[] y) {
        double sum = 0;
        for (int k = 0; k < y.length; k++) {
            sum += y[k] * (logStrength - logAlpha[k]);
        }
        return sum;
    }

    /** Derivatives of {@link #nll} by the logits. */
    double[] nllGradient(double[] y) {
        double mass = 0;
        for (double value : y) {
            mass += value;
        }
        double[] gradient = new double[y.length];
        for (int k = 0; k < y.length; k++) {
            gradient[k] = switch (kind) {
                case EXP -> mass * Math.exp(logits[k] - logStrength) - y[k] * sigma(logits[k]);
                case SOFTPLUS, RELU -> (mass * Math.exp(-logStrength) - y[k] / alpha[k]) * slope[k];
            };
        }
        return gradient;
    }

    static double softplus(double x) {
        return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }

    static double sigma(double x) {
        return 1 / (1 + Math.exp(-x));
    }
}
