package dev.chorus.loss;

import static dev.chorus.math.SpecialFunctions.digamma;
import static dev.chorus.math.SpecialFunctions.lnGamma;

/**
 * Loss of a Dirichlet prior network: the density of the weak soft label under the student's Dirichlet, and the KL divergence of
 * its softmax from the label (Wu et al., arXiv:2203.04443; in the form of the code of arXiv:2406.03199).
 *
 * <pre>{@code
 * alpha = exp(z) + 1e-6,   S = sum_k alpha_k
 * ln Dir(y | alpha) = lnGamma(S) - sum_k lnGamma(alpha_k) + sum_k (alpha_k - 1) ln y_k
 * L = -0.01 clamp(ln Dir, -1e8, 1e8) + sum_k y_k ln(y_k / p_k),   p = softmax(z)
 * }</pre>
 *
 * <p>The density needs a label strictly inside the simplex. A label with an entry below the floor is moved inwards,
 * {@code y <- (1 - K floor) y + floor}. A logit above 40 counts as 40 in the density and has no gradient there; beyond the clamp
 * the density has none either.
 *
 * @param floor least entry of a label, in (0, 1 / K)
 */
public record DirichletPriorLoss(double floor) implements SoftLabelLoss {
    /** A hundredth of what a label of four decimals can say. */
    public static final double DEFAULT_FLOOR = 1e-6;

    private static final String NAME = "Dirichlet prior loss";

    private static final double DENSITY_WEIGHT = 0.01;
    private static final double CLAMP = 1e8;
    private static final double LEAST_ALPHA = 1e-6;

    /** Refuses a floor that is not above 0. */
    public DirichletPriorLoss {
        if (!(floor > 0 && floor < 0.5)) {
            throw new IllegalArgumentException(NAME + ": expected a floor in (0, 0.5), got " + floor);
        }
    }

    /** With the default floor. */
    public DirichletPriorLoss() {
        this(DEFAULT_FLOOR);
    }

    @Override
    public RowLosses of(double[][] logits, double[][] labels, TrainingPoint at) {
        SoftmaxRows.check(NAME, logits, labels);
        double[] losses = new double[logits.length];
        double[][] gradients = new double[logits.length][];
        for (int n = 0; n < losses.length; n++) {
            double[] y = inside(labels[n], n);
            double[] logp = SoftmaxRows.logSoftmax(logits[n]);
            gradients[n] = new double[y.length];
            losses[n] = SoftmaxRows.crossEntropy(logp, y, gradients[n]);
            for (double value : y) {
                losses[n] += value * Math.log(value);
            }
            losses[n] -= DENSITY_WEIGHT * addDensity(logits[n], y, gradients[n]);
        }
        return new RowLosses(losses, gradients);
    }

    /**
     * Logarithm of the Dirichlet's density at a label.
     *
     * @param logits [K] finite
     * @param y      [K] above 0, sums to 1
     * @return nats, not clamped
     */
    static double logDensity(double[] logits, double[] y) {
        double strength = 0;
        double value = 0;
        for (int k = 0; k < y.length; k++) {
            double alpha = alpha(logits[k]);
            strength += alpha;
            value += (alpha - 1) * Math.log(y[k]) - lnGamma(alpha);
        }
        return value + lnGamma(strength);
    }

    private static double addDensity(double[] logits, double[] y, double[] gradient) {
        double density = logDensity(logits, y);
        if (Math.abs(density) > CLAMP) {
            return Math.copySign(CLAMP, density);
        }
        double strength = 0;
        for (double z : logits) {
            strength += alpha(z);
        }
        double psi = digamma(strength);
        for (int k = 0; k < y.length; k++) {
            if (logits[k] <= EvidenceRow.LARGEST_EXP_LOGIT) {
                double slope = psi - digamma(alpha(logits[k])) + Math.log(y[k]);
                gradient[k] -= DENSITY_WEIGHT * slope * Math.exp(logits[k]);
            }
        }
        return density;
    }

    private static double alpha(double z) {
        return Math.exp(Math.min(z, EvidenceRow.LARGEST_EXP_LOGIT)) + LEAST_ALPHA;
    }

    private double[] inside(double[] label, int row) {
        if (label.length * floor >= 1) {
            throw new IllegalArgumentException(
                    NAME + ": expected a floor below 1 / " + label.length + ", got " + floor + " in row " + row);
        }
        boolean outside = false;
        for (double y : label) {
            outside |= y < floor;
        }
        if (!outside) {
            return label;
        }
        double[] moved = new double[label.length];
        for (int k = 0; k < moved.length; k++) {
            moved[k] = (1 - label.length * floor) * label[k] + floor;
        }
        return moved;
    }
}
