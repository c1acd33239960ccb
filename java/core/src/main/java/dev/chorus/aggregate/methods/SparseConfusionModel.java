package dev.chorus.aggregate.methods;

import dev.chorus.aggregate.BetaQuantile;
import dev.chorus.aggregate.Confusions;
import dev.chorus.aggregate.Interval;
import dev.chorus.aggregate.Support;
import dev.chorus.aggregate.votes.Votes;
import java.util.Arrays;

/**
 * A confusion matrix for each labeler of which only those entries exist that a vote can touch: a labeler's answer on a task
 * against the classes that somebody voted for there. Their number is linear in the votes, whatever the number of classes.
 *
 * <p>What it computes is what {@link DenseConfusionModel} computes with the same candidates; a test compares them.
 */
final class SparseConfusionModel implements LatentClassModel {

    private final Votes votes;
    private final Support support;
    private final RowRule rule;
    private final BalanceRule balance;
    /** Entry of every vote and candidate of its task, vote after vote within a task. */
    private final int[] entry;

    private final int[] entryStart;
    private final SparseRows rows;
    private final double[] logs;
    private final double[] parameters;
    private double gain;

    SparseConfusionModel(Votes votes, Support support, RowRule rule, BalanceRule balance) {
        this.votes = votes;
        this.support = support;
        this.rule = rule;
        this.balance = balance;
        this.entryStart = new int[votes.tasks() + 1];
        long total = 0;
        for (int t = 0; t < votes.tasks(); t++) {
            total += (long) (votes.start(t + 1) - votes.start(t)) * support.size(t);
            if (total > Integer.MAX_VALUE - 8) {
                throw new IllegalArgumentException(
                        "confusions: more than 2 billion pairs of a vote and a class voted for "
                                + "on its task; aggregate fewer votes at once, or by one-coin");
            }
            entryStart[t + 1] = (int) total;
        }
        this.entry = new int[(int) total];
        SparseRows.Builder builder = new SparseRows.Builder(votes.classes());
        for (int t = 0; t < votes.tasks(); t++) {
            int at = entryStart[t];
            for (int v = votes.start(t); v < votes.start(t + 1); v++) {
                for (int i = 0; i < support.size(t); i++) {
                    entry[at++] = builder.entry(votes.worker(v), support.candidate(t, i), votes.label(v));
                }
            }
        }
        this.rows = builder.build();
        this.logs = new double[rows.entries()];
        this.parameters = new double[rows.entries()];
    }

    private final class Sums implements Counts {
        private final double[] of = new double[rows.entries()];
        private final double[] tasks = new double[votes.classes()];

        @Override
        public void add(int task, double[] posterior) {
            int size = support.size(task);
            for (int i = 0; i < size; i++) {
                tasks[support.candidate(task, i)] += posterior[i];
            }
            int at = entryStart[task];
            for (int v = votes.start(task); v < votes.start(task + 1); v++) {
                double weight = votes.weight(votes.worker(v));
                for (int i = 0; i < size; i++) {
                    of[entry[at++]] += weight * posterior[i];
                }
            }
        }

        @Override
        public void add(Counts other) {
            Sums that = (Sums) other;
            for (int i = 0; i < of.length; i++) {
                of[i] += that.of[i];
            }
            for (int k = 0; k < tasks.length; k++) {
                tasks[k] += that.tasks[k];
            }
        }

        @Override
        public void clear() {
            Arrays.fill(of, 0);
            Arrays.fill(tasks, 0);
        }
    }

    @Override
    public Counts counts() {
        return new Sums();
    }

    @Override
    public long bytes() {
        return 8L * (rows.entries() + votes.classes());
    }

    @Override
    public void maximize(Counts counts) {
        Sums sums = (Sums) counts;
        balance.learn(sums.tasks);
        gain = balance.gain();
        double[] row = new double[rows.largest()];
        for (int r = 0; r < rows.rows(); r++) {
            int n = rows.size(r);
            RowRule own = rule.of(rows.workerOf(r));
            int diagonal = -1;
            for (int i = 0; i < n; i++) {
                int e = rows.entryOf(r, i);
                boolean right = rows.isDiagonal(e);
                row[i] = sums.of[e];
                parameters[e] = own.parameter(row[i], right, votes.classes());
                diagonal = right ? i : diagonal;
            }
            gain += own.learn(row, n, diagonal, votes.classes());
            for (int i = 0; i < n; i++) {
                logs[rows.entryOf(r, i)] = row[i];
            }
        }
    }

    @Override
    public void score(int task, double[] logp) {
        int size = support.size(task);
        for (int i = 0; i < size; i++) {
            logp[i] = balance.log(support.candidate(task, i));
        }
        int at = entryStart[task];
        for (int v = votes.start(task); v < votes.start(task + 1); v++) {
            double weight = votes.weight(votes.worker(v));
            for (int i = 0; i < size; i++) {
                logp[i] += weight * logs[entry[at++]];
            }
        }
    }

    @Override
    public double parameters() {
        return gain;
    }

    Confusions confusions() {
        return new Learned(votes.workers(), votes.classes(), rows, parameters.clone(), logs.clone(), rule);
    }

    /** The result; an entry that no vote touches has its prior. */
    private static final class Learned implements Confusions {
        private final int workers;
        private final int classes;
        private final SparseRows rows;
        private final double[] parameters;
        private final double[] logs;
        private final double[] totals;
        private final RowRule rule;

        Learned(int workers, int classes, SparseRows rows, double[] parameters, double[] logs, RowRule rule) {
            this.workers = workers;
            this.classes = classes;
            this.rows = rows;
            this.parameters = parameters;
            this.logs = logs;
            this.rule = rule;
            this.totals = new double[rows.rows()];
            for (int r = 0; r < totals.length; r++) {
                boolean hasDiagonal = false;
                for (int i = 0; i < rows.size(r); i++) {
                    totals[r] += parameters[rows.entryOf(r, i)];
                    hasDiagonal |= rows.isDiagonal(rows.entryOf(r, i));
                }
                totals[r] += untouched(rows.workerOf(r), rows.size(r), hasDiagonal);
            }
        }

        /** The prior of a row's other entries together. */
        private double untouched(int worker, int touched, boolean hasDiagonal) {
            RowRule own = rule.of(worker);
            int wrong = classes - touched - (hasDiagonal ? 0 : 1);
            return wrong * own.parameter(0, false, classes) + (hasDiagonal ? 0 : own.parameter(0, true, classes));
        }

        private double parameter(int worker, int truth, int given) {
            int e = rows.find(worker, truth, given);
            return e < 0 ? rule.of(worker).parameter(0, truth == given, classes) : parameters[e];
        }

        private double total(int worker, int truth) {
            int row = rows.findRow(worker, truth);
            return row < 0 ? untouched(worker, 0, false) : totals[row];
        }

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
            return parameter(worker, truth, given) / total(worker, truth);
        }

        @Override
        public double logWeight(int worker, int truth, int given) {
            int e = rows.find(worker, truth, given);
            return e < 0 ? Math.log(probability(worker, truth, given)) : logs[e];
        }

        @Override
        public double variance(int worker, int truth, int given) {
            double p = probability(worker, truth, given);
            return rule.isBayesian() ? p * (1 - p) / (total(worker, truth) + 1) : 0;
        }

        @Override
        public boolean hasIntervals() {
            return rule.isBayesian();
        }

        @Override
        public Interval interval(int worker, int truth, int given, double level) {
            if (!rule.isBayesian()) {
                return Confusions.super.interval(worker, truth, given, level);
            }
            double a = parameter(worker, truth, given);
            return BetaQuantile.interval(a, Math.max(0, total(worker, truth) - a), level);
        }
    }
}
