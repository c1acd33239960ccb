package dev.chorus.aggregate;

import static dev.chorus.math.SpecialFunctions.lnGamma;

/**
 * Quantiles of the Beta distribution, the marginal of a Dirichlet.
 *
 * <p>The distribution function is the regularised incomplete beta function by its continued fraction (NIST Digital Library
 * of Mathematical Functions, 8.17.22), which bisection inverts; both to about 1e-12.
 */
public final class BetaQuantile {

    private static final double SMALL = 1e-300;

    private BetaQuantile() {}

    /**
     * Equal-tailed interval of a {@code Beta(a, b)} variable.
     *
     * @param a     above 0
     * @param b     at least 0; 0 is the certainty 1
     * @param level above 0 and below 1
     */
    public static Interval interval(double a, double b, double level) {
        if (!(level > 0 && level < 1)) {
            throw new IllegalArgumentException("level: expected above 0 and below 1, got " + level);
        }
        return new Interval(of((1 - level) / 2, a, b), of((1 + level) / 2, a, b));
    }

    /**
     * The value below which a {@code Beta(a, b)} variable lies with the given probability.
     *
     * @param probability 0 to 1
     */
    public static double of(double probability, double a, double b) {
        if (!(a > 0) || !(b >= 0) || !(probability >= 0 && probability <= 1)) {
            throw new IllegalArgumentException("beta quantile: expected a > 0, b >= 0 and a probability, got " + a
                    + ", " + b + ", " + probability);
        }
        if (b == 0) {
            return 1;
        }
        double low = 0;
        double high = 1;
        for (int i = 0; i < 200 && high - low > 1e-15; i++) {
            double middle = (low + high) / 2;
            if (cumulative(middle, a, b) < probability) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return (low + high) / 2;
    }

    /** Probability that a {@code Beta(a, b)} variable is at most x. */
    public static double cumulative(double x, double a, double b) {
        if (x <= 0) {
            return 0;
        }
        if (x >= 1) {
            return 1;
        }
        double front = Math.exp(lnGamma(a + b) - lnGamma(a) - lnGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
        // The fraction converges fast on this side of the mean only.
        return x < (a + 1) / (a + b + 2) ? front * fraction(x, a, b) / a : 1 - front * fraction(1 - x, b, a) / b;
    }

    private static double fraction(double x, double a, double b) {
        double c = 1;
        double d = 1 / nonZero(1 - (a + b) * x / (a + 1));
        double result = d;
        for (int m = 1; m < 10_000; m++) {
            double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 / nonZero(1 + even * d);
            c = nonZero(1 + even / c);
            result *= d * c;
            double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
            d = 1 / nonZero(1 + odd * d);
            c = nonZero(1 + odd / c);
            double step = d * c;
            result *= step;
            if (Math.abs(step - 1) < 1e-15) {
                break;
            }
        }
        return result;
    }

    private static double nonZero(double value) {
        return Math.abs(value) < SMALL ? SMALL : value;
    }
}
