package dev.chorus.aggregate;

import dev.chorus.aggregate.votes.Votes;
import java.util.Arrays;

/**
 * Which classes each task may have: all of them, or those that somebody voted for.
 *
 * <p>With thousands of classes a task's posterior over all of them would cost more than all votes together, and a
 * confusion matrix a labeler more than the machine has. A class that nobody voted for on a task could win there only by
 * confusions, and then rarely; leaving it out makes cost linear in the votes.
 */
public final class Support {

    /** Up to this many classes every class is possible, unless told otherwise. */
    public static final int DENSE_CLASSES = 64;

    private final int tasks;
    private final int classes;
    private final int[] start;
    private final int[] candidates;

    private Support(int tasks, int classes, int[] start, int[] candidates) {
        this.tasks = tasks;
        this.classes = classes;
        this.start = start;
        this.candidates = candidates;
    }

    /** A confusion matrix a labeler may take this many entries together, half a gigabyte. */
    private static final long DENSE_ENTRIES = 1 << 26;

    /** All classes up to {@value #DENSE_CLASSES} of them and as long as tables fit, beyond that those voted for. */
    public static Support of(Votes votes) {
        long classes = votes.classes();
        boolean fits = classes <= DENSE_CLASSES
                && votes.tasks() * classes <= 1 << 30
                && votes.workers() * classes * classes <= DENSE_ENTRIES;
        return fits ? all(votes) : voted(votes);
    }

    /**
     * All classes for every task.
     *
     * @throws IllegalArgumentException if tasks times classes are more than an array holds
     */
    public static Support all(Votes votes) {
        if ((long) votes.tasks() * votes.classes() > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(votes.tasks() + " tasks of " + votes.classes()
                    + " classes do not fit one table; restrict every task to the classes voted for (support=voted)");
        }
        return new Support(votes.tasks(), votes.classes(), null, null);
    }

    /** For every task the classes that somebody voted for, and its gold label, in increasing order. */
    public static Support voted(Votes votes) {
        int[] start = new int[votes.tasks() + 1];
        int[] found = new int[Math.addExact(votes.size(), votes.goldCount())];
        int n = 0;
        for (int t = 0; t < votes.tasks(); t++) {
            int from = n;
            for (int v = votes.start(t); v < votes.start(t + 1); v++) {
                found[n++] = votes.label(v);
            }
            if (votes.gold(t) != Votes.MISSING) {
                found[n++] = votes.gold(t);
            }
            Arrays.sort(found, from, n);
            int kept = from;
            for (int i = from; i < n; i++) {
                if (i == from || found[i] != found[i - 1]) {
                    found[kept++] = found[i];
                }
            }
            n = kept;
            start[t + 1] = n;
        }
        return new Support(votes.tasks(), votes.classes(), start, Arrays.copyOf(found, n));
    }

    /** Whether every class is possible for every task. */
    public boolean isAll() {
        return start == null;
    }

    /** Number of tasks. */
    public int tasks() {
        return tasks;
    }

    /** Number of classes. */
    public int classes() {
        return classes;
    }

    /** Where a task's candidates begin in an array of all; those of {@code tasks()} end it. */
    public int start(int task) {
        return start == null ? task * classes : start[task];
    }

    /** How many candidates a task has. */
    public int size(int task) {
        return start == null ? classes : start[task + 1] - start[task];
    }

    /** The class of a task's i-th candidate; they increase. */
    public int candidate(int task, int i) {
        return start == null ? i : candidates[start[task] + i];
    }

    /** The place of a class among a task's candidates, or -1. */
    public int indexOf(int task, int label) {
        if (start == null) {
            return label;
        }
        int found = Arrays.binarySearch(candidates, start[task], start[task + 1], label);
        return found < 0 ? -1 : found - start[task];
    }

    /** The largest number of candidates of a task. */
    public int largest() {
        int most = start == null ? classes : 0;
        for (int t = 0; start != null && t < tasks; t++) {
            most = Math.max(most, size(t));
        }
        return most;
    }
}
