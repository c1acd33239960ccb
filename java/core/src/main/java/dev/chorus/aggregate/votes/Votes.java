package dev.chorus.aggregate.votes;

import java.util.Arrays;

/**
 * Who said what of which task: plain arrays, votes sorted by task and within a task in the order in which they came.
 *
 * <p>Tasks, workers and classes are numbered in the order of first appearance; a worker is any labeler, person or model.
 * A labeler that abstained on a task has no vote there. Beside the votes stand what is known of some tasks (gold labels)
 * and of labelers (weights). Immutable; the copies with gold or weights share the arrays.
 */
public final class Votes {

    /** No label: a task without gold. */
    public static final int MISSING = -1;

    private final Names taskNames;
    private final Names workerNames;
    private final Names classNames;
    private final int[] start;
    private final int[] worker;
    private final int[] label;
    private final float[] probability;
    private final int[] gold;
    private final int goldCount;
    private final double[] weight;

    private Votes(
            Names taskNames,
            Names workerNames,
            Names classNames,
            int[] start,
            int[] worker,
            int[] label,
            float[] probability,
            int[] gold,
            double[] weight) {
        this.taskNames = taskNames;
        this.workerNames = workerNames;
        this.classNames = classNames;
        this.start = start;
        this.worker = worker;
        this.label = label;
        this.probability = probability;
        this.gold = gold;
        this.goldCount = gold == null
                ? 0
                : (int) Arrays.stream(gold).filter(g -> g != MISSING).count();
        this.weight = weight;
    }

    /**
     * Votes by number, in any order, named {@code t0}, {@code w0} and {@code c0} and so on.
     *
     * @param tasks   number of tasks, some of which may have no vote
     * @param workers number of labelers
     * @param classes number of classes
     * @param task    of every vote
     * @param worker  of every vote
     * @param label   of every vote
     * @throws IllegalArgumentException if lengths differ, a number is out of range, or a worker votes twice on a task
     */
    public static Votes of(int tasks, int workers, int classes, int[] task, int[] worker, int[] label) {
        return of(
                Names.numbered("t", tasks),
                Names.numbered("w", workers),
                Names.numbered("c", classes),
                task,
                worker,
                label,
                null);
    }

    /**
     * Votes by number with names.
     *
     * @param probability the labelers' own probabilities of their labels, in [0, 1], NaN where there is none; or null
     * @throws IllegalArgumentException if lengths differ, a number is out of range, or a worker votes twice on a task
     */
    public static Votes of(
            Names tasks, Names workers, Names classes, int[] task, int[] worker, int[] label, float[] probability) {
        int n = task.length;
        if (worker.length != n || label.length != n || (probability != null && probability.length != n)) {
            throw new IllegalArgumentException("votes: expected arrays of one length, got " + n + " tasks, "
                    + worker.length + " workers and " + label.length + " labels");
        }
        int[] start = new int[tasks.size() + 1];
        boolean sorted = true;
        for (int i = 0; i < n; i++) {
            range("task", task[i], tasks.size(), i);
            range("worker", worker[i], workers.size(), i);
            range("label", label[i], classes.size(), i);
            if (probability != null && (probability[i] < 0 || probability[i] > 1)) {
                throw new IllegalArgumentException(
                        "votes: expected probabilities in [0, 1], got " + probability[i] + " at vote " + i);
            }
            sorted &= i == 0 || task[i] >= task[i - 1];
            start[task[i] + 1]++;
        }
        for (int t = 0; t < tasks.size(); t++) {
            start[t + 1] += start[t];
        }
        Votes votes = sorted
                ? new Votes(
                        tasks, workers, classes, start, worker.clone(), label.clone(), copy(probability), null, null)
                : sort(tasks, workers, classes, start, task, worker, label, probability);
        int duplicate = votes.duplicate();
        if (duplicate >= 0) {
            throw new IllegalArgumentException("votes: worker " + workers.get(votes.worker[duplicate])
                    + " votes twice on task " + tasks.get(votes.taskOf(duplicate)));
        }
        return votes;
    }

    /** As read, without the checks that the reader has made. */
    static Votes trusted(
            Names tasks, Names workers, Names classes, int[] start, int[] worker, int[] label, float[] probability) {
        return new Votes(tasks, workers, classes, start, worker, label, probability, null, null);
    }

    private static Votes sort(
            Names tasks,
            Names workers,
            Names classes,
            int[] start,
            int[] task,
            int[] worker,
            int[] label,
            float[] probability) {
        int n = task.length;
        int[] next = start.clone();
        int[] sortedWorker = new int[n];
        int[] sortedLabel = new int[n];
        float[] sortedProbability = probability == null ? null : new float[n];
        for (int i = 0; i < n; i++) {
            int at = next[task[i]]++;
            sortedWorker[at] = worker[i];
            sortedLabel[at] = label[i];
            if (probability != null) {
                sortedProbability[at] = probability[i];
            }
        }
        return new Votes(tasks, workers, classes, start, sortedWorker, sortedLabel, sortedProbability, null, null);
    }

    private static float[] copy(float[] probability) {
        return probability == null ? null : probability.clone();
    }

    private static void range(String what, int value, int size, int vote) {
        if (value < 0 || value >= size) {
            throw new IllegalArgumentException(
                    "votes: expected a " + what + " in 0 to " + (size - 1) + ", got " + value + " at vote " + vote);
        }
    }

    /** The first vote by a worker that has voted on the task before, or -1. */
    private int duplicate() {
        int[] last = new int[workers()];
        Arrays.fill(last, -1);
        for (int t = 0; t < tasks(); t++) {
            for (int v = start[t]; v < start[t + 1]; v++) {
                if (last[worker[v]] == t) {
                    return v;
                }
                last[worker[v]] = t;
            }
        }
        return -1;
    }

    /** Number of tasks. */
    public int tasks() {
        return start.length - 1;
    }

    /** Number of labelers. */
    public int workers() {
        return workerNames.size();
    }

    /** Number of classes. */
    public int classes() {
        return classNames.size();
    }

    /** Number of votes. */
    public int size() {
        return worker.length;
    }

    /** The tasks' names. */
    public Names taskNames() {
        return taskNames;
    }

    /** The labelers' names. */
    public Names workerNames() {
        return workerNames;
    }

    /** The classes' names. */
    public Names classNames() {
        return classNames;
    }

    /** The first vote on a task; the first on the next task ends them. */
    public int start(int task) {
        return start[task];
    }

    /** Who gave a vote. */
    public int worker(int vote) {
        return worker[vote];
    }

    /** What it says. */
    public int label(int vote) {
        return label[vote];
    }

    /** The task of a vote. */
    public int taskOf(int vote) {
        int found = Arrays.binarySearch(start, vote);
        if (found < 0) {
            return -found - 2;
        }
        // Tasks without a vote share their start with the next one.
        while (start[found + 1] == vote) {
            found++;
        }
        return found;
    }

    /** Whether labelers gave probabilities of their labels. */
    public boolean hasProbabilities() {
        return probability != null;
    }

    /** The labeler's own probability of the vote's label; NaN if it gave none. */
    public double probability(int vote) {
        return probability == null ? Double.NaN : probability[vote];
    }

    /** The known label of a task, or {@link #MISSING}. */
    public int gold(int task) {
        return gold == null ? MISSING : gold[task];
    }

    /** How many tasks have a known label. */
    public int goldCount() {
        return goldCount;
    }

    /** How many votes one of this labeler counts for. */
    public double weight(int labeler) {
        return weight == null ? 1 : weight[labeler];
    }

    /** Whether some labeler has a weight other than 1. */
    public boolean isWeighted() {
        return weight != null;
    }

    /** The same votes over these classes, of which the first are those that there were. */
    Votes withClasses(Names classes) {
        return new Votes(taskNames, workerNames, classes, start, worker, label, probability, gold, weight);
    }

    /**
     * The same votes with other probabilities of their labels.
     *
     * @param values in the order of the votes, in [0, 1], NaN where there is none; copied
     * @throws IllegalArgumentException if the length differs or a value is out of range
     */
    public Votes withProbabilities(float[] values) {
        if (values.length != size()) {
            throw new IllegalArgumentException(
                    "probabilities: expected one for each of the " + size() + " votes, got " + values.length);
        }
        for (int v = 0; v < values.length; v++) {
            if (values[v] < 0 || values[v] > 1) {
                throw new IllegalArgumentException(
                        "probabilities: expected values in [0, 1], got " + values[v] + " at vote " + v);
            }
        }
        return new Votes(taskNames, workerNames, classNames, start, worker, label, values.clone(), gold, weight);
    }

    /** The same votes without known labels. */
    public Votes withoutGold() {
        return new Votes(taskNames, workerNames, classNames, start, worker, label, probability, null, weight);
    }

    /**
     * The same votes with known labels of some tasks.
     *
     * @param labels [tasks] class indices, or {@link #MISSING}; copied
     * @throws IllegalArgumentException if the length differs or a label is out of range
     */
    public Votes withGold(int[] labels) {
        if (labels.length != tasks()) {
            throw new IllegalArgumentException(
                    "gold: expected one label for each of the " + tasks() + " tasks, got " + labels.length);
        }
        for (int t = 0; t < labels.length; t++) {
            if (labels[t] != MISSING) {
                range("gold label", labels[t], classes(), t);
            }
        }
        return new Votes(taskNames, workerNames, classNames, start, worker, label, probability, labels.clone(), weight);
    }

    /**
     * The same votes with weights of labelers, in place of those they had.
     *
     * @param weights [workers] finite and at least 0; copied
     * @throws IllegalArgumentException if the length differs or a weight is out of range
     */
    public Votes withWeights(double[] weights) {
        if (weights.length != workers()) {
            throw new IllegalArgumentException(
                    "weights: expected one for each of the " + workers() + " labelers, got " + weights.length);
        }
        for (int w = 0; w < weights.length; w++) {
            if (!(weights[w] >= 0) || Double.isInfinite(weights[w])) {
                throw new IllegalArgumentException("weights: expected finite weights of at least 0, got " + weights[w]
                        + " for labeler " + workerNames.get(w));
            }
        }
        boolean ones = Arrays.stream(weights).allMatch(w -> w == 1);
        return new Votes(
                taskNames,
                workerNames,
                classNames,
                start,
                worker,
                label,
                probability,
                gold,
                ones ? null : weights.clone());
    }

    /** The number of votes of every labeler, [workers]. */
    public int[] votesOfWorkers() {
        int[] count = new int[workers()];
        for (int w : worker) {
            count[w]++;
        }
        return count;
    }
}
