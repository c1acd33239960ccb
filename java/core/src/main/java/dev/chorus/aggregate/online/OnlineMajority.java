package dev.chorus.aggregate.online;

import java.util.Arrays;

/** Majority vote that takes one vote after another. Tasks and classes are numbers; tasks may come as they like. */
public final class OnlineMajority {

    private final int classes;
    private double[] weight = new double[0];

    /**
     * No votes yet.
     *
     * @param classes K, at least 1
     */
    public OnlineMajority(int classes) {
        if (classes < 1) {
            throw new IllegalArgumentException("online majority: expected at least 1 class, got " + classes);
        }
        this.classes = classes;
    }

    /** Counts a vote. */
    public void add(int task, int label) {
        add(task, label, 1);
    }

    /**
     * Counts a vote for as many as {@code votes}; negative to take one back.
     *
     * @throws IllegalArgumentException if a number is out of range
     */
    public void add(int task, int label, double votes) {
        if (task < 0 || label < 0 || label >= classes) {
            throw new IllegalArgumentException("online majority: expected a task of at least 0 and a label below "
                    + classes + ", got " + task + " and " + label);
        }
        int end = Math.multiplyExact(task + 1, classes);
        if (end > weight.length) {
            weight = Arrays.copyOf(weight, Math.max(end, weight.length + (weight.length >> 1)));
        }
        weight[task * classes + label] += votes;
    }

    /** [classes] shares of a task's votes, even if there are none. */
    public double[] shares(int task) {
        double[] shares = new double[classes];
        double sum = 0;
        for (int k = 0; k < classes && (task + 1L) * classes <= weight.length; k++) {
            shares[k] = weight[task * classes + k];
            sum += shares[k];
        }
        for (int k = 0; k < classes; k++) {
            shares[k] = sum > 0 ? shares[k] / sum : 1.0 / classes;
        }
        return shares;
    }
}
