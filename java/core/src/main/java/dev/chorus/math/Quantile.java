package dev.chorus.math;

import java.util.Arrays;

/** Quantiles by linear interpolation between order statistics: the default of NumPy and PyTorch. */
public final class Quantile {
    private Quantile() {}

    /**
     * The value at position {@code q (n - 1)} of the sorted values.
     *
     * @param values [n], n at least 1, in any order, none NaN; not modified
     * @param q      0 (least) to 1 (greatest)
     * @return between the two neighbours of that position
     * @throws IllegalArgumentException if there is no value, one is NaN, or q is outside [0, 1]
     */
    public static double of(double[] values, double q) {
        if (values.length == 0) {
            throw new IllegalArgumentException("quantile: expected at least one value, got none");
        }
        if (!(q >= 0 && q <= 1)) {
            throw new IllegalArgumentException("quantile: expected a share in [0, 1], got " + q);
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        // Arrays.sort puts NaN last.
        if (Double.isNaN(sorted[sorted.length - 1])) {
            throw new IllegalArgumentException("quantile: expected numbers, got NaN");
        }
        double position = q * (sorted.length - 1);
        int below = (int) position;
        int above = Math.min(below + 1, sorted.length - 1);
        double share = position - below;
        // Without this an infinity next to the position would give NaN.
        return share == 0 ? sorted[below] : sorted[below] + share * (sorted[above] - sorted[below]);
    }
}
