package dev.chorus.math;

/** Index of the largest value; the lowest index wins a tie, so that equal inputs give equal answers everywhere. */
public final class Argmax {

    private Argmax() {}

    /**
     * Index of the largest value.
     *
     * @param values at least one, none NaN
     * @return 0 to {@code values.length - 1}; the lowest on ties
     * @throws IllegalArgumentException if {@code values} is empty or holds NaN
     */
    public static int of(double[] values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("argmax: expected at least one value, got none");
        }
        int best = 0;
        for (int i = 0; i < values.length; i++) {
            if (Double.isNaN(values[i])) {
                throw new IllegalArgumentException("argmax: expected numbers, got NaN at index " + i);
            }
            if (values[i] > values[best]) {
                best = i;
            }
        }
        return best;
    }
}
