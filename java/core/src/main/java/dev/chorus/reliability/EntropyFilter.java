package dev.chorus.reliability;

import dev.chorus.math.Quantile;
import java.util.Arrays;

/**
 * Keeps the rows of least uncertainty (Guo and Yang, arXiv:2406.19032, uncertainty filtering, by vote entropy). The measure is
 * the caller's: any number per row that grows with doubt will do, such as a Dirichlet's vacuity or an n-best entropy.
 *
 * <pre>{@code
 * keep row n if u_n <= limit      limit: a percentile of u over all rows that have one, or a fixed number
 * }</pre>
 *
 * <p>Ties with the limit are kept, so a percentile of 50 often keeps more than half.
 *
 * @param byPercentile whether the value is a percentile
 * @param value        0 to 100, or the limit itself in the measure's unit
 */
public record EntropyFilter(boolean byPercentile, double value) {
    private static final String NAME = "entropy filter";

    /** Refuses a percentile outside 0 to 100 and a limit that is no number. */
    public EntropyFilter {
        if (byPercentile ? !(value >= 0 && value <= 100) : Double.isNaN(value)) {
            throw new IllegalArgumentException(NAME + ": expected "
                    + (byPercentile ? "a percentile from 0 to 100" : "a number as threshold") + ", got " + value);
        }
    }

    /** Keeps what is at most this percentile, linearly interpolated; 50 in the paper. */
    public static EntropyFilter percentile(double percentile) {
        return new EntropyFilter(true, percentile);
    }

    /** Keeps what is at most this number. */
    public static EntropyFilter threshold(double limit) {
        return new EntropyFilter(false, limit);
    }

    /**
     * The largest uncertainty that is kept.
     *
     * @param uncertainty one a row (K equal ones for a question of K rows); NaN for a row that is dropped already
     * @throws IllegalArgumentException if a percentile is asked of rows that are all dropped
     */
    public double limit(double[] uncertainty) {
        if (!byPercentile) {
            return value;
        }
        double[] given =
                Arrays.stream(uncertainty).filter(u -> !Double.isNaN(u)).toArray();
        if (given.length == 0) {
            throw new IllegalArgumentException(
                    NAME + ": expected rows to take a percentile of, got none with a readable answer");
        }
        return Quantile.of(given, value / 100);
    }

    /**
     * Which rows stay.
     *
     * @param uncertainty one a row; NaN for a row that is dropped already
     * @return true where it is at most the limit
     */
    public boolean[] keep(double[] uncertainty) {
        double limit = limit(uncertainty);
        boolean[] keep = new boolean[uncertainty.length];
        for (int n = 0; n < keep.length; n++) {
            keep[n] = uncertainty[n] <= limit;
        }
        return keep;
    }
}
