package dev.chorus.loss;

import java.util.Arrays;

/**
 * The last probabilities that a student gave, over several small batches, so that a quantile of them means something.
 * Explicit state: whoever resumes a training saves {@link #values} and gives them back.
 */
public final class ProbabilityBuffer {
    private final int capacity;
    private double[] values;

    /**
     * An empty buffer.
     *
     * @param capacity how many values it holds, at least 1: the effective batch
     */
    public ProbabilityBuffer(int capacity) {
        this(capacity, new double[0]);
    }

    /**
     * A buffer that goes on where another stopped.
     *
     * @param values oldest first; of more than the capacity the last are kept
     */
    public ProbabilityBuffer(int capacity, double[] values) {
        if (capacity < 1) {
            throw new IllegalArgumentException(
                    "probability buffer: expected a capacity of at least 1, got " + capacity);
        }
        this.capacity = capacity;
        this.values = last(values);
    }

    /** Takes in the newest values, in order, and forgets the oldest. */
    public void append(double[] newest) {
        double[] all = Arrays.copyOf(values, values.length + newest.length);
        System.arraycopy(newest, 0, all, values.length, newest.length);
        values = last(all);
    }

    /** What it holds, oldest first; a copy. */
    public double[] values() {
        return values.clone();
    }

    private double[] last(double[] all) {
        return Arrays.copyOfRange(all, Math.max(0, all.length - capacity), all.length);
    }
}
