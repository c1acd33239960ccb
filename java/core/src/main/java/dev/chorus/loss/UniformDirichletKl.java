package dev.chorus.loss;

import static dev.chorus.math.SpecialFunctions.digamma;
import static dev.chorus.math.SpecialFunctions.lnGamma;
import static dev.chorus.math.SpecialFunctions.trigamma;

/**
 * {@code KL(Dir(alpha) || Dir(1, ..., 1))} from its parts, so that large concentrations keep their digits.
 *
 * <pre>{@code
 * KL          = lnGamma(S) - lnGamma(K) - sum_k lnGamma(a_k) + sum_k (a_k - 1) (psi(a_k) - psi(S))
 *             = sum_k h(a_k) - h(S) + (K - 1) psi(S) - lnGamma(K),      h(a) = (a - 1) psi(a) - lnGamma(a) - a
 * dKL/da_k    = (a_k - 1) psi1(a_k) - (S - K) psi1(S) = u(a_k) - v(S, K)
 * u(a)        = (a - 1) psi1(a) - 1,   v(S, K) = (S - K) psi1(S) - 1
 * }</pre>
 *
 * <p>The terms of the first line grow like {@code a ln a} and cancel; h grows like {@code ln a}, u and v like {@code 1 / a}.
 */
final class UniformDirichletKl {
    /** From here on the series below are exact to double precision: what is left out is below 1e-15 of them. */
    private static final double ASYMPTOTIC = 1e4;

    private static final double HALF_LN_TWO_PI = 0.5 * Math.log(2 * Math.PI);

    private UniformDirichletKl() {}

    /** {@code (a - 1) psi(a) - lnGamma(a) - a}, for a of at least 1. */
    static double h(double a) {
        if (a < ASYMPTOTIC) {
            return (a - 1) * digamma(a) - lnGamma(a) - a;
        }
        double r = 1 / a;
        return -0.5 * Math.log(a) - HALF_LN_TWO_PI - 0.5 + r * (1.0 / 3 + r * (1.0 / 12 + r / 90));
    }

    /** {@code (a - 1) psi1(a) - 1}, for a of at least 1. */
    static double u(double a) {
        if (a < ASYMPTOTIC) {
            return (a - 1) * trigamma(a) - 1;
        }
        double r = 1 / a;
        return -r * (0.5 + r * (1.0 / 3 + r / 6));
    }

    /** {@code (S - K) psi1(S) - 1}, for S of at least K. */
    static double v(double strength, int classes) {
        if (strength < ASYMPTOTIC) {
            return (strength - classes) * trigamma(strength) - 1;
        }
        double r = 1 / strength;
        return r * (0.5 + r / 6) - classes * r * (1 + r * (0.5 + r / 6));
    }

    /** What is left of the KL once {@code sum_k h(a_k)} is taken out: {@code -h(S) + (K - 1) psi(S) - lnGamma(K)}. */
    static double ofStrength(double strength, int classes) {
        return -h(strength) + (classes - 1) * digamma(strength) - lnGamma(classes);
    }

    /** The KL of concentrations of at least 1. */
    static double of(double[] alpha) {
        double strength = 0;
        double sum = 0;
        for (double a : alpha) {
            strength += a;
            sum += h(a);
        }
        return sum + ofStrength(strength, alpha.length);
    }

    /** Its derivatives by the concentrations. */
    static double[] gradient(double[] alpha) {
        double strength = 0;
        for (double a : alpha) {
            strength += a;
        }
        double v = v(strength, alpha.length);
        double[] gradient = new double[alpha.length];
        for (int k = 0; k < alpha.length; k++) {
            gradient[k] = u(alpha[k]) - v;
        }
        return gradient;
    }
}
