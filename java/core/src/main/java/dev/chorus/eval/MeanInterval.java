package dev.chorus.eval;

/**
 * A mean over seeds with its 95% confidence interval.
 *
 * <pre>{@code
 * mean -+ t(0.975, n - 1) s / sqrt(n),   s^2 = sum (x - mean)^2 / (n - 1)
 * }</pre>
 *
 * <p>Student 1908. The interval supposes independent seeds and roughly normal scores; with three seeds it is wide, and
 * says so honestly.
 *
 * @param mean NaN without values, or if a value is NaN
 * @param low  lower bound; NaN with fewer than two values
 * @param high upper bound; NaN with fewer than two values
 * @param n    number of values
 */
public record MeanInterval(double mean, double low, double high, int n) {

    private static final double UPPER_TAIL = 0.975;

    /**
     * Mean and interval of these values.
     *
     * @param values [n]; a NaN or infinite one is not skipped, it makes all three figures NaN or infinite
     * @return one value has a mean and no interval; none has neither
     */
    public static MeanInterval of(double... values) {
        int n = values.length;
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        double mean = sum / n;
        if (n < 2) {
            return new MeanInterval(mean, Double.NaN, Double.NaN, n);
        }
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        double half = StudentT.quantile(UPPER_TAIL, n - 1) * Math.sqrt(squares / (n - 1) / n);
        return new MeanInterval(mean, mean - half, mean + half, n);
    }

    /** Whether there is an interval: two values at least, all of them finite. */
    public boolean bounded() {
        return !Double.isNaN(low) && !Double.isNaN(high);
    }
}
