package dev.chorus.labels;

import java.util.Arrays;

/**
 * How much each item counts in training: 0 is as if it were not there, 2 as if it were there twice.
 *
 * @param values [N], each finite and at least 0
 */
public record ItemWeights(double[] values) {
    /** Refuses what is no weight. */
    public ItemWeights {
        values = values.clone();
        for (int n = 0; n < values.length; n++) {
            if (!(values[n] >= 0) || Double.isInfinite(values[n])) {
                throw new IllegalArgumentException(
                        "item weights: expected finite numbers of at least 0, got " + values[n] + " for item " + n);
            }
        }
    }

    /** Weight 1 for each of N items. */
    public static ItemWeights even(int items) {
        double[] values = new double[items];
        Arrays.fill(values, 1);
        return new ItemWeights(values);
    }

    /** The weight of an item. */
    public double of(int item) {
        return values[item];
    }

    /** Whether every weight is 1. */
    public boolean areEven() {
        return Arrays.stream(values).allMatch(weight -> weight == 1);
    }

    /** N. */
    public int count() {
        return values.length;
    }

    /** [items] the weights of some items; null if all of them are 1, which kernels take for the same and compute faster. */
    public float[] of(int[] items) {
        float[] weights = new float[items.length];
        boolean even = true;
        for (int i = 0; i < items.length; i++) {
            weights[i] = (float) values[items[i]];
            even &= weights[i] == 1;
        }
        return even ? null : weights;
    }

    /** Sum over some items. */
    public double sum(int[] items) {
        double sum = 0;
        for (int item : items) {
            sum += values[item];
        }
        return sum;
    }

    /** [N] a copy. */
    @Override
    public double[] values() {
        return values.clone();
    }
}
