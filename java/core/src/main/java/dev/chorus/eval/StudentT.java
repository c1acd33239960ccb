package dev.chorus.eval;

/**
 * Student's t distribution with whole degrees of freedom.
 *
 * <p>With {@code theta = atan(t / sqrt(df))} the probability of the interval (-t, t) is a finite sum of powers of
 * {@code cos theta} (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4), so it needs no special function. Its inverse is
 * found by bisection on {@code theta}, to the last bit. Time grows with the degrees of freedom.
 */
public final class StudentT {

    private StudentT() {}

    /**
     * The value below which this share of the distribution lies, such as 12.706 for 0.975 and one degree of
     * freedom.
     *
     * @param probability the share, strictly between 0 and 1
     * @param df          degrees of freedom, at least 1
     * @return any number; negative below the median
     * @throws IllegalArgumentException if an argument is out of range
     */
    public static double quantile(double probability, int df) {
        if (!(probability > 0 && probability < 1)) {
            throw new IllegalArgumentException("Student's t: expected a probability in (0, 1), got " + probability);
        }
        if (df < 1) {
            throw new IllegalArgumentException("Student's t: expected at least 1 degree of freedom, got " + df);
        }
        double central = Math.abs(2 * probability - 1);
        double low = 0;
        double high = Math.PI / 2;
        while (true) {
            double theta = low + (high - low) / 2;
            if (theta <= low || theta >= high) {
                return Math.copySign(Math.sqrt(df) * Math.tan(low), probability - 0.5);
            }
            if (central(theta, df) < central) {
                low = theta;
            } else {
                high = theta;
            }
        }
    }

    /** Probability of (-t, t) at {@code theta = atan(t / sqrt(df))}. */
    private static double central(double theta, int df) {
        double cos = Math.cos(theta);
        boolean odd = df % 2 == 1;
        // Odd: cos + 2/3 cos^3 + (2 4)/(3 5) cos^5 + ...; even: 1 + 1/2 cos^2 + (1 3)/(2 4) cos^4 + ...; up to
        // cos^(df-2).
        double term = odd ? cos : 1;
        double sum = 0;
        for (int power = odd ? 1 : 0; power <= df - 2; power += 2) {
            sum += term;
            term *= cos * cos * (power + 1) / (power + 2);
        }
        return odd ? 2 / Math.PI * (theta + Math.sin(theta) * sum) : Math.sin(theta) * sum;
    }
}
