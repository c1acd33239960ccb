package dev.chorus.aggregate.online;

import static dev.chorus.math.SpecialFunctions.digamma;

import dev.chorus.aggregate.BetaQuantile;
import dev.chorus.aggregate.Confusions;
import dev.chorus.aggregate.Interval;
import dev.chorus.aggregate.methods.Ibcc;
import dev.chorus.aggregate.votes.Votes;
import java.util.Arrays;

/**
 * Bayesian classifier combination that takes one vote after another: a vote moves the posterior of its task, and through it
 * what is believed of the labelers who voted there; other tasks follow when they are asked for or voted on.
 *
 * <p>Incremental variational inference (Neal and Hinton 1998, "A view of the EM algorithm that justifies incremental, sparse,
 * and other variants"): a task's old expected counts go out, and those of its new posterior go in.
 * Each such step raises the same evidence lower bound that {@link Ibcc} climbs, so that {@link #sweep} over all tasks leads
 * where a full fit leads. The prior is the fixed one of the settings, diagonal and beside. Cost of a vote: the task's votes times the square of the number of classes. For tens of classes;
 * not for use from several threads.
 */
public final class OnlineIbcc {

    private static final int MOST_CLASSES = 256;

    private final int classes;
    private final Ibcc.Settings settings;
    private int tasks;
    private int workers;
    private int[][] taskWorkers = new int[16][];
    private int[][] taskLabels = new int[16][];
    private int[] sizes = new int[16];
    private int[] gold = new int[16];
    private double[] posterior;
    /** Concentrations [worker][given][truth], priors included. */
    private double[] alpha = new double[0];

    private final double[] balance;

    /**
     * Nothing seen.
     *
     * @param classes K, 2 to 256
     */
    public OnlineIbcc(int classes, Ibcc.Settings settings) {
        if (classes < 2 || classes > MOST_CLASSES) {
            throw new IllegalArgumentException(
                    "online ibcc: expected 2 to " + MOST_CLASSES + " classes, got " + classes);
        }
        this.classes = classes;
        this.settings = settings;
        this.posterior = new double[16 * classes];
        this.balance = new double[classes];
        Arrays.fill(balance, settings.balance());
    }

    /** Begins with votes that are there, gold labels too; sweeps until nothing moves by more than 1e-6, at most 100 times. */
    public static OnlineIbcc of(Votes votes, Ibcc.Settings settings) {
        OnlineIbcc online = new OnlineIbcc(votes.classes(), settings);
        for (int t = 0; t < votes.tasks(); t++) {
            online.growTasks(t);
            for (int v = votes.start(t); v < votes.start(t + 1); v++) {
                online.append(t, votes.worker(v), votes.label(v));
            }
            online.gold[t] = votes.gold(t);
        }
        online.begin();
        for (int i = 0; i < 100 && online.sweep() > 1e-6; i++) {
            // Each sweep climbs; the loop's condition says when it is over.
        }
        return online;
    }

    /** Shares of votes as posteriors, and their counts. */
    private void begin() {
        Arrays.fill(balance, settings.balance());
        for (int t = 0; t < tasks; t++) {
            double[] row = new double[classes];
            Arrays.fill(row, sizes[t] == 0 ? 1.0 / classes : 0);
            for (int i = 0; i < sizes[t]; i++) {
                row[taskLabels[t][i]] += 1.0 / sizes[t];
            }
            if (gold[t] != Votes.MISSING) {
                Arrays.fill(row, 0);
                row[gold[t]] = 1;
            }
            System.arraycopy(row, 0, posterior, t * classes, classes);
            count(t, 1);
        }
    }

    /**
     * Takes a vote and moves its task's posterior.
     *
     * @param task   from 0; new ones may come
     * @param worker from 0; new ones may come
     * @param label  below the number of classes
     * @throws IllegalArgumentException if a number is out of range or the worker has voted on the task
     */
    public void add(int task, int worker, int label) {
        if (task < 0 || worker < 0 || label < 0 || label >= classes) {
            throw new IllegalArgumentException("online ibcc: expected numbers of at least 0 and a label below "
                    + classes + ", got task " + task + ", worker " + worker + ", label " + label);
        }
        if (task < tasks) {
            for (int i = 0; i < sizes[task]; i++) {
                if (taskWorkers[task][i] == worker) {
                    throw new IllegalArgumentException(
                            "online ibcc: worker " + worker + " votes twice on task " + task);
                }
            }
        }
        growTasks(task);
        append(task, worker, label);
        // The new vote's own expected count goes in, as the others' stand, before the posterior is made anew.
        int row = (worker * classes + label) * classes;
        for (int k = 0; k < classes; k++) {
            alpha[row + k] += posterior[task * classes + k];
        }
        renew(task);
    }

    /** Sets a task's known label, or takes it back with {@link Votes#MISSING}. */
    public void anchor(int task, int label) {
        if (task < 0 || label < Votes.MISSING || label >= classes) {
            throw new IllegalArgumentException("online ibcc: expected a task of at least 0 and a label below " + classes
                    + ", got " + task + " and " + label);
        }
        growTasks(task);
        gold[task] = label;
        renew(task);
    }

    /**
     * Makes every task's posterior anew.
     *
     * @return the largest change of a probability
     */
    public double sweep() {
        double moved = 0;
        double[] before = new double[classes];
        for (int t = 0; t < tasks; t++) {
            System.arraycopy(posterior, t * classes, before, 0, classes);
            renew(t);
            for (int k = 0; k < classes; k++) {
                moved = Math.max(moved, Math.abs(posterior[t * classes + k] - before[k]));
            }
        }
        return moved;
    }

    /** [classes] probabilities of a task as they were when it was last voted on or swept. */
    public double[] posterior(int task) {
        return Arrays.copyOfRange(posterior, task * classes, (task + 1) * classes);
    }

    /** Number of tasks. */
    public int tasks() {
        return tasks;
    }

    /** What is believed of the labelers now, with intervals; a view that follows later votes. */
    public Confusions confusions() {
        return new View();
    }

    private void growTasks(int task) {
        if (task >= sizes.length) {
            int larger = Math.max(task + 1, sizes.length * 2);
            taskWorkers = Arrays.copyOf(taskWorkers, larger);
            taskLabels = Arrays.copyOf(taskLabels, larger);
            sizes = Arrays.copyOf(sizes, larger);
            gold = Arrays.copyOf(gold, larger);
            posterior = Arrays.copyOf(posterior, Math.multiplyExact(larger, classes));
        }
        while (tasks <= task) {
            taskWorkers[tasks] = new int[4];
            taskLabels[tasks] = new int[4];
            gold[tasks] = Votes.MISSING;
            Arrays.fill(posterior, tasks * classes, (tasks + 1) * classes, 1.0 / classes);
            for (int k = 0; k < classes; k++) {
                balance[k] += 1.0 / classes;
            }
            tasks++;
        }
    }

    private void append(int task, int worker, int label) {
        int n = sizes[task];
        if (n == taskWorkers[task].length) {
            taskWorkers[task] = Arrays.copyOf(taskWorkers[task], n * 2);
            taskLabels[task] = Arrays.copyOf(taskLabels[task], n * 2);
        }
        taskWorkers[task][n] = worker;
        taskLabels[task][n] = label;
        sizes[task]++;
        growWorkers(worker);
    }

    private void growWorkers(int worker) {
        int row = classes * classes;
        if (worker >= workers) {
            if ((worker + 1L) * row > alpha.length) {
                alpha = Arrays.copyOf(alpha, Math.max(Math.multiplyExact(worker + 1, row), alpha.length * 2));
            }
            double wrong = settings.beside() / (classes - 1);
            for (int w = workers; w <= worker; w++) {
                Arrays.fill(alpha, w * row, (w + 1) * row, wrong);
                for (int k = 0; k < classes; k++) {
                    alpha[(w * classes + k) * classes + k] = settings.diagonal();
                }
            }
            workers = worker + 1;
        }
    }

    /** Adds a task's expected counts, or takes them out. */
    private void count(int task, double sign) {
        int at = task * classes;
        for (int k = 0; k < classes; k++) {
            balance[k] += sign * posterior[at + k];
        }
        for (int i = 0; i < sizes[task]; i++) {
            int row = (taskWorkers[task][i] * classes + taskLabels[task][i]) * classes;
            for (int k = 0; k < classes; k++) {
                alpha[row + k] += sign * posterior[at + k];
            }
        }
    }

    /** Makes a task's posterior anew and puts its expected counts in the place of the old ones. */
    private void renew(int task) {
        double[] now = expected(task);
        count(task, -1);
        System.arraycopy(now, 0, posterior, task * classes, classes);
        count(task, 1);
    }

    private double[] expected(int task) {
        double[] row = new double[classes];
        if (gold[task] != Votes.MISSING) {
            row[gold[task]] = 1;
        } else {
            for (int k = 0; k < classes; k++) {
                // Rounding of what was taken out may leave a concentration a little below its prior.
                row[k] = digamma(Math.max(balance[k], 1e-9));
            }
            for (int i = 0; i < sizes[task]; i++) {
                int w = taskWorkers[task][i];
                int given = (w * classes + taskLabels[task][i]) * classes;
                for (int k = 0; k < classes; k++) {
                    row[k] += digamma(Math.max(alpha[given + k], 1e-9)) - digamma(total(w, k));
                }
            }
            double max = Arrays.stream(row).max().orElse(0);
            double sum = 0;
            for (int k = 0; k < classes; k++) {
                row[k] = Math.exp(row[k] - max);
                sum += row[k];
            }
            for (int k = 0; k < classes; k++) {
                row[k] /= sum;
            }
        }
        return row;
    }

    private double total(int worker, int truth) {
        double sum = 0;
        for (int y = 0; y < classes; y++) {
            sum += alpha[(worker * classes + y) * classes + truth];
        }
        return sum;
    }

    private final class View implements Confusions {
        @Override
        public int workers() {
            return workers;
        }

        @Override
        public int classes() {
            return classes;
        }

        @Override
        public double probability(int worker, int truth, int given) {
            return alpha[(worker * classes + given) * classes + truth] / total(worker, truth);
        }

        @Override
        public boolean hasIntervals() {
            return true;
        }

        @Override
        public Interval interval(int worker, int truth, int given, double level) {
            double a = alpha[(worker * classes + given) * classes + truth];
            return BetaQuantile.interval(a, Math.max(0, total(worker, truth) - a), level);
        }
    }
}
