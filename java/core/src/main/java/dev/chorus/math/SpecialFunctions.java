package dev.chorus.math;

/**
 * Logarithm of the gamma function and its first two derivatives, for positive arguments, in double.
 *
 * <p>The argument is moved to {@code x >= 10} by the recurrence {@code Gamma(x + 1) = x Gamma(x)}; there the asymptotic
 * series (Abramowitz and Stegun 1964, 6.1.41, 6.3.18 and 6.4.12) is cut where the first term left out is below 1e-16.
 * The error is a few units in the last place of the largest number met on the way: of the result for most arguments,
 * but of about 10 where {@code lnGamma} or {@code digamma} passes through zero (x = 1, x = 2 and x = 1.4616).
 */
public final class SpecialFunctions {

    /** From here on the series below are exact to double precision. */
    private static final double ASYMPTOTIC = 10;

    private static final double HALF_LN_TWO_PI = 0.5 * Math.log(2 * Math.PI);

    /** Of x^-1, x^-3, ...: B_2n / (2n (2n - 1)), with B the Bernoulli numbers. */
    private static final double[] LN_GAMMA_SERIES = {
        1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156, -3617.0 / 122400
    };

    /** Of x^-2, x^-4, ...: -B_2n / 2n. */
    private static final double[] DIGAMMA_SERIES = {
        -1.0 / 12, 1.0 / 120, -1.0 / 252, 1.0 / 240, -1.0 / 132, 691.0 / 32760, -1.0 / 12, 3617.0 / 8160
    };

    /** Of x^-3, x^-5, ...: B_2n. */
    private static final double[] TRIGAMMA_SERIES = {
        1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6, -3617.0 / 510
    };

    private SpecialFunctions() {}

    /**
     * Natural logarithm of the gamma function.
     *
     * @param x positive; infinity gives infinity
     * @return ln Gamma(x)
     * @throws IllegalArgumentException if {@code x} is NaN, zero or negative
     */
    public static double lnGamma(double x) {
        requirePositive("lnGamma", x);
        if (x == Double.POSITIVE_INFINITY) {
            return x;
        }
        // The product stays below 10^7, or is as small as x itself: one logarithm serves all steps.
        double product = 1;
        double y = x;
        while (y < ASYMPTOTIC) {
            product *= y;
            y++;
        }
        double r = 1 / y;
        return (y - 0.5) * Math.log(y)
                - y
                + HALF_LN_TWO_PI
                + r * polynomial(LN_GAMMA_SERIES, r * r)
                - Math.log(product);
    }

    /**
     * First derivative of {@link #lnGamma}.
     *
     * @param x positive; infinity gives infinity
     * @return psi(x)
     * @throws IllegalArgumentException if {@code x} is NaN, zero or negative
     */
    public static double digamma(double x) {
        requirePositive("digamma", x);
        double shifted = 0;
        double y = x;
        while (y < ASYMPTOTIC) {
            shifted += 1 / y;
            y++;
        }
        double r = 1 / y;
        double r2 = r * r;
        return Math.log(y) - 0.5 * r + r2 * polynomial(DIGAMMA_SERIES, r2) - shifted;
    }

    /**
     * Second derivative of {@link #lnGamma}.
     *
     * @param x positive; infinity gives zero
     * @return psi_1(x), positive
     * @throws IllegalArgumentException if {@code x} is NaN, zero or negative
     */
    public static double trigamma(double x) {
        requirePositive("trigamma", x);
        double shifted = 0;
        double y = x;
        while (y < ASYMPTOTIC) {
            shifted += 1 / (y * y);
            y++;
        }
        double r = 1 / y;
        double r2 = r * r;
        return r + 0.5 * r2 + r * r2 * polynomial(TRIGAMMA_SERIES, r2) + shifted;
    }

    private static double polynomial(double[] coefficients, double x) {
        double sum = 0;
        for (int i = coefficients.length - 1; i >= 0; i--) {
            sum = sum * x + coefficients[i];
        }
        return sum;
    }

    private static void requirePositive(String function, double x) {
        if (!(x > 0)) {
            throw new IllegalArgumentException(function + ": expected x > 0, got " + x);
        }
    }
}
