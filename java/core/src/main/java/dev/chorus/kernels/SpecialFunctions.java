package dev.chorus.kernels;

/**
 * lnGamma, digamma and trigamma for x &gt; 0, in double.
 *
 * <p>Each shifts its argument by recurrence to x &ge; 10 and sums the asymptotic (Stirling) series there; the first term
 * left out is below 1e-16 of the result. The same series as the kernels use.
 */
public final class SpecialFunctions {
    private static final double SERIES_FROM = 10;
    private static final double HALF_LOG_TWO_PI = 0.9189385332046728;

    private SpecialFunctions() {}

    /**
     * ln Gamma(x). The error is about 1e-14, absolute near the zeros at 1 and 2 and relative elsewhere.
     *
     * @throws IllegalArgumentException unless x is above 0
     */
    public static double lnGamma(double x) {
        requirePositive(x);
        double product = 1;
        double y = x;
        for (; y < SERIES_FROM; y++) {
            product *= y;
        }
        double r = 1 / y;
        double t = r * r;
        double tail = r
                * (1.0 / 12
                        - t
                                * (1.0 / 360
                                        - t
                                                * (1.0 / 1260
                                                        - t
                                                                * (1.0 / 1680
                                                                        - t
                                                                                * (1.0 / 1188
                                                                                        - t
                                                                                                * (691.0 / 360360
                                                                                                        - t
                                                                                                                * (1.0
                                                                                                                        / 156)))))));
        return (y - 0.5) * Math.log(y) - y + HALF_LOG_TWO_PI + tail - Math.log(product);
    }

    /**
     * psi(x), the derivative of {@link #lnGamma}.
     *
     * @throws IllegalArgumentException unless x is above 0
     */
    public static double digamma(double x) {
        requirePositive(x);
        double shift = 0;
        double y = x;
        for (; y < SERIES_FROM; y++) {
            shift += 1 / y;
        }
        double t = 1 / (y * y);
        double tail = t
                * (1.0 / 12
                        - t
                                * (1.0 / 120
                                        - t
                                                * (1.0 / 252
                                                        - t
                                                                * (1.0 / 240
                                                                        - t
                                                                                * (1.0 / 132
                                                                                        - t
                                                                                                * (691.0 / 32760
                                                                                                        - t
                                                                                                                * (1.0
                                                                                                                        / 12)))))));
        return Math.log(y) - 0.5 / y - tail - shift;
    }

    /**
     * psi1(x), the derivative of {@link #digamma}.
     *
     * @throws IllegalArgumentException unless x is above 0
     */
    public static double trigamma(double x) {
        requirePositive(x);
        double shift = 0;
        double y = x;
        for (; y < SERIES_FROM; y++) {
            shift += 1 / (y * y);
        }
        double r = 1 / y;
        double t = r * r;
        double tail = r
                * t
                * (1.0 / 6
                        - t
                                * (1.0 / 30
                                        - t
                                                * (1.0 / 42
                                                        - t
                                                                * (1.0 / 30
                                                                        - t
                                                                                * (5.0 / 66
                                                                                        - t
                                                                                                * (691.0 / 2730
                                                                                                        - t
                                                                                                                * (7.0
                                                                                                                        / 6)))))));
        return r + 0.5 * t + tail + shift;
    }

    private static void requirePositive(double x) {
        // Written so that NaN is refused too.
        if (!(x > 0)) {
            throw new IllegalArgumentException("x: expected a number above 0, got " + x);
        }
    }
}
