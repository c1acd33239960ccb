package dev.chorus.aggregate;

import dev.chorus.aggregate.votes.Votes;
import java.util.Arrays;

/**
 * How good a method's labels are, by gold that it did not see: gold tasks are dealt out to folds, and each fold is judged by a
 * fit whose anchors are the other folds' gold.
 *
 * <p>The prevalence of the classes is corrected by the same held-out predictions:
 *
 * <pre>{@code
 * share_k = mean over tasks without gold of f_tk  +  mean over gold of ([gold = k] - f_tk)
 * f: one-hot label, from the fits; on gold by the fit that did not see it
 * variance = var(f_k) / N + var([gold = k] - f_k) / n
 * }</pre>
 *
 * <p>Prediction-powered inference with cross-fitting: Angelopoulos et al. 2023, arXiv:2301.09633; Zrnic and Candes 2024,
 * arXiv:2309.16598.
 */
public final class GoldCheck {

    private static final double NORMAL_975 = 1.959963984540054;

    private final int[] tasks;
    private final double[] confidence;
    private final boolean[] right;
    private final double[] prevalence;
    private final double[] halfWidth;

    private GoldCheck(int[] tasks, double[] confidence, boolean[] right, double[] prevalence, double[] halfWidth) {
        this.tasks = tasks;
        this.confidence = confidence;
        this.right = right;
        this.prevalence = prevalence;
        this.halfWidth = halfWidth;
    }

    /**
     * Judges a method.
     *
     * @param votes with gold labels of at least two tasks
     * @param folds fits, at least 2; as many as gold tasks at most
     * @throws IllegalArgumentException if there are fewer than two gold tasks or folds
     */
    public static GoldCheck of(LabelAggregator method, Votes votes, int folds) {
        if (votes.goldCount() < 2 || folds < 2) {
            throw new IllegalArgumentException("gold check: expected at least two gold tasks and two folds, got "
                    + votes.goldCount() + " and " + folds);
        }
        int used = Math.min(folds, votes.goldCount());
        int[] tasks = new int[votes.goldCount()];
        int n = 0;
        for (int t = 0; t < votes.tasks(); t++) {
            if (votes.gold(t) != Votes.MISSING) {
                tasks[n++] = t;
            }
        }
        int[] labels = new int[n];
        double[] confidence = new double[n];
        boolean[] right = new boolean[n];
        double[] share = new double[votes.classes()];
        for (int fold = 0; fold < used; fold++) {
            int[] anchors = new int[votes.tasks()];
            Arrays.fill(anchors, Votes.MISSING);
            for (int i = 0; i < n; i++) {
                anchors[tasks[i]] = i % used == fold ? Votes.MISSING : votes.gold(tasks[i]);
            }
            Posteriors posteriors = method.fit(votes.withGold(anchors)).posteriors();
            for (int i = fold; i < n; i += used) {
                labels[i] = posteriors.label(tasks[i]);
                confidence[i] = posteriors.confidence(tasks[i]);
                right[i] = labels[i] == votes.gold(tasks[i]);
            }
            for (int t = 0; t < votes.tasks(); t++) {
                if (votes.gold(t) == Votes.MISSING && posteriors.label(t) >= 0) {
                    share[posteriors.label(t)] += 1.0 / used;
                }
            }
        }
        return corrected(votes, tasks, labels, confidence, right, share);
    }

    private static GoldCheck corrected(
            Votes votes, int[] tasks, int[] labels, double[] confidence, boolean[] right, double[] share) {
        double n = tasks.length;
        double others = votes.tasks() - n;
        double[] prevalence = new double[votes.classes()];
        double[] halfWidth = new double[votes.classes()];
        for (int k = 0; k < prevalence.length; k++) {
            double gap = 0;
            double square = 0;
            double own = 0;
            for (int i = 0; i < tasks.length; i++) {
                double gold = votes.gold(tasks[i]) == k ? 1 : 0;
                double error = gold - (labels[i] == k ? 1 : 0);
                own += gold / n;
                gap += error / n;
                square += error * error / n;
            }
            if (others == 0) {
                prevalence[k] = own;
                halfWidth[k] = NORMAL_975 * Math.sqrt(own * (1 - own) / n);
                continue;
            }
            double f = share[k] / others;
            prevalence[k] = f + gap;
            double variance = f * (1 - f) / others + (square - gap * gap) / Math.max(1, n - 1);
            halfWidth[k] = NORMAL_975 * Math.sqrt(Math.max(0, variance));
        }
        return new GoldCheck(tasks, confidence, right, prevalence, halfWidth);
    }

    /** Number of gold tasks. */
    public int size() {
        return tasks.length;
    }

    /** Share of the gold tasks whose held-out label is right. */
    public double accuracy() {
        return (double) rightCount() / size();
    }

    /** Wilson's 95% interval of the accuracy. */
    public Interval accuracyInterval() {
        double n = size();
        double p = accuracy();
        double z2 = NORMAL_975 * NORMAL_975;
        double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
        double half = NORMAL_975 * Math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n);
        return new Interval(Math.max(0, middle - half), Math.min(1, middle + half));
    }

    /** [n] confidence of the held-out labels. */
    public double[] confidence() {
        return confidence.clone();
    }

    /** [n] whether they are right. */
    public boolean[] right() {
        return right.clone();
    }

    /** Share of a class among all tasks, corrected, held inside 0 and 1. */
    public double prevalence(int label) {
        return Math.max(0, Math.min(1, prevalence[label]));
    }

    /** Its 95% interval, held inside 0 and 1. */
    public Interval prevalenceInterval(int label) {
        return new Interval(
                Math.max(0, Math.min(1, prevalence[label] - halfWidth[label])),
                Math.max(0, Math.min(1, prevalence[label] + halfWidth[label])));
    }

    private int rightCount() {
        int count = 0;
        for (boolean one : right) {
            count += one ? 1 : 0;
        }
        return count;
    }
}
