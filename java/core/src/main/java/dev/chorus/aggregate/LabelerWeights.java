package dev.chorus.aggregate;

import java.util.Arrays;

/** Weights of the weak labelers: what every aggregator accepts, and what it refuses. */
public final class LabelerWeights {

    /** Weights written with a few decimals, such as five times 0.2, are off by less than this. */
    static final double SUM_TOLERANCE = 1e-6;

    private LabelerWeights() {}

    /**
     * Equal weights that sum to 1.
     *
     * @param labelers W, at least 1
     * @return [W], each 1 / W
     * @throws IllegalArgumentException if {@code labelers} is below 1
     */
    public static double[] equal(int labelers) {
        if (labelers < 1) {
            throw new IllegalArgumentException("labeler weights: expected at least 1 labeler, got " + labelers);
        }
        double[] weights = new double[labelers];
        Arrays.fill(weights, 1.0 / labelers);
        return weights;
    }

    /** [W], each finite and at least 0. */
    static void requireNonNegative(String aggregator, double[] weights, int labelers) {
        if (weights.length != labelers) {
            throw new IllegalArgumentException(
                    aggregator + ": expected " + labelers + " weights, one a labeler, got " + weights.length);
        }
        for (int w = 0; w < weights.length; w++) {
            if (!(weights[w] >= 0) || Double.isInfinite(weights[w])) {
                throw new IllegalArgumentException(aggregator + ": expected finite weights of at least 0, got "
                        + weights[w] + " for labeler " + w);
            }
        }
    }

    /** As {@link #requireNonNegative}, and the sum is 1. */
    static void requireSumOne(String aggregator, double[] weights, int labelers) {
        requireNonNegative(aggregator, weights, labelers);
        double sum = Arrays.stream(weights).sum();
        if (Math.abs(sum - 1) > SUM_TOLERANCE) {
            throw new IllegalArgumentException(aggregator + ": expected weights that sum to 1, got "
                    + Arrays.toString(weights) + ", which sum to " + sum);
        }
    }
}
