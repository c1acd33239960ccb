package dev.chorus.aggregate;

import static dev.chorus.math.SpecialFunctions.digamma;
import static dev.chorus.math.SpecialFunctions.lnGamma;

/**
 * How unsure a Dirichlet distribution is, and of what kind the doubt is.
 *
 * <pre>{@code
 * total     = -sum_k p_k ln p_k                                   p = alpha / S
 * expected  = -sum_k p_k (psi(alpha_k + 1) - psi(S + 1))          doubt that more votes would not remove
 * mutual    = total - expected, at least 0                        doubt that more votes would remove
 * entropy   = sum_k lnGamma(alpha_k) - lnGamma(S) + (S - K) psi(S) - sum_k (alpha_k - 1) psi(alpha_k)
 * epkl      = (K - 1) / S                                         expected pairwise KL divergence
 * vacuity   = K / S                                               1 without evidence, under a prior of ones
 * }</pre>
 *
 * <p>Total, expected, mutual information and differential entropy: Malinin and Gales 2018, arXiv:1802.10501, section
 * 3.2 and appendix. Vacuity and belief: Sensoy et al. 2018, arXiv:1806.01768, section 3. The expected KL divergence
 * between two distributions drawn from the Dirichlet,
 * {@code sum_k p_k (psi(alpha_k + 1) - psi(S + 1)) - sum_k p_k (psi(alpha_k) - psi(S))}, becomes {@code (K - 1) / S} by
 * {@code psi(x + 1) = psi(x) + 1 / x}.
 *
 * @param total               predictive entropy in nats, 0 to ln K
 * @param expected            expected entropy of the class distribution in nats, 0 to ln K
 * @param mutualInformation   between label and class distribution in nats; rounding below 0 is floored
 * @param differentialEntropy of the Dirichlet density in nats; may be negative; 0 for one class
 * @param epkl                expected pairwise Kullback-Leibler divergence in nats
 * @param vacuity             above 0; above 1 only if concentrations are below 1
 */
public record DirichletUncertainty(
        double total,
        double expected,
        double mutualInformation,
        double differentialEntropy,
        double epkl,
        double vacuity) {

    /** All measures that are one number. */
    public static DirichletUncertainty of(DirichletPosterior posterior) {
        double[] alpha = posterior.alpha();
        double strength = posterior.strength();
        int classes = alpha.length;
        double psiStrengthPlusOne = digamma(strength + 1);
        double total = 0;
        double expected = 0;
        double differential = (strength - classes) * digamma(strength) - lnGamma(strength);
        for (double a : alpha) {
            double p = a / strength;
            total -= p == 0 ? 0 : p * Math.log(p);
            expected -= p * (digamma(a + 1) - psiStrengthPlusOne);
            differential += lnGamma(a) - (a - 1) * digamma(a);
        }
        return new DirichletUncertainty(
                total,
                expected,
                Math.max(0, total - expected),
                differential,
                (classes - 1) / strength,
                classes / strength);
    }

    /**
     * Belief in every class, {@code (alpha_k - 1) / S}: under a prior of ones, belief and vacuity sum to 1.
     *
     * @return [K]; negative where a concentration is below 1
     */
    public static double[] belief(DirichletPosterior posterior) {
        double[] belief = posterior.alpha();
        for (int k = 0; k < belief.length; k++) {
            belief[k] = (belief[k] - 1) / posterior.strength();
        }
        return belief;
    }

    /**
     * Variance of every class probability, {@code p_k (1 - p_k) / (S + 1)}.
     *
     * @return [K], 0 to 1/4
     */
    public static double[] variance(DirichletPosterior posterior) {
        double[] variance = posterior.predictive();
        for (int k = 0; k < variance.length; k++) {
            variance[k] = variance[k] * (1 - variance[k]) / (posterior.strength() + 1);
        }
        return variance;
    }
}
