package dev.chorus.aggregate.methods;

import dev.chorus.aggregate.Confusions;
import dev.chorus.aggregate.votes.Votes;
import java.util.Arrays;

/**
 * A confusion matrix for each labeler, all classes possible: tables [worker][given][truth], so that a vote reads and writes
 * one contiguous row.
 */
final class DenseConfusionModel implements LatentClassModel {

    private final Votes votes;
    private final int classes;
    private final RowRule rule;
    private final BalanceRule balance;
    private final boolean soft;
    private final double[] logs;
    private final double[] logRowSums;
    private final double[] parameters;
    private double gain;

    /**
     * A model that has learned nothing.
     *
     * @param soft whether a vote's probability spreads it over the classes
     */
    DenseConfusionModel(Votes votes, RowRule rule, BalanceRule balance, boolean soft) {
        this.votes = votes;
        this.classes = votes.classes();
        this.rule = rule;
        this.balance = balance;
        this.soft = soft;
        this.logs = new double[Math.multiplyExact(votes.workers(), classes * classes)];
        this.parameters = new double[logs.length];
        this.logRowSums = soft ? new double[votes.workers() * classes] : null;
    }

    private final class Sums implements Counts {
        private final double[] of = new double[logs.length];
        private final double[] spread = soft ? new double[logRowSums.length] : null;
        private final double[] tasks = new double[classes];

        @Override
        public void add(int task, double[] posterior) {
            for (int k = 0; k < classes; k++) {
                tasks[k] += posterior[k];
            }
            for (int v = votes.start(task); v < votes.start(task + 1); v++) {
                int w = votes.worker(v);
                int row = (w * classes + votes.label(v)) * classes;
                double weight = votes.weight(w);
                double share = soft ? beside(v) : 0;
                double own = weight * (soft ? own(v, share) : 1);
                for (int k = 0; k < classes; k++) {
                    of[row + k] += own * posterior[k];
                }
                if (soft && share > 0) {
                    for (int k = 0; k < classes; k++) {
                        spread[w * classes + k] += weight * share * posterior[k];
                    }
                }
            }
        }

        @Override
        public void add(Counts other) {
            Sums that = (Sums) other;
            for (int i = 0; i < of.length; i++) {
                of[i] += that.of[i];
            }
            for (int i = 0; soft && i < spread.length; i++) {
                spread[i] += that.spread[i];
            }
            for (int k = 0; k < classes; k++) {
                tasks[k] += that.tasks[k];
            }
        }

        @Override
        public void clear() {
            Arrays.fill(of, 0);
            Arrays.fill(tasks, 0);
            if (soft) {
                Arrays.fill(spread, 0);
            }
        }
    }

    /** What a soft vote gives each other class. */
    private double beside(int vote) {
        double p = votes.probability(vote);
        return Double.isNaN(p) || classes < 2 ? 0 : (1 - p) / (classes - 1);
    }

    /** What it gives its own beyond that. */
    private double own(int vote, double beside) {
        double p = votes.probability(vote);
        return Double.isNaN(p) || classes < 2 ? 1 : p - beside;
    }

    @Override
    public Counts counts() {
        return new Sums();
    }

    @Override
    public long bytes() {
        return 8L * logs.length;
    }

    @Override
    public void maximize(Counts counts) {
        Sums sums = (Sums) counts;
        balance.learn(sums.tasks);
        gain = balance.gain();
        double[] row = new double[classes];
        for (int w = 0; w < votes.workers(); w++) {
            RowRule own = rule.of(w);
            for (int k = 0; k < classes; k++) {
                double spread = soft ? sums.spread[w * classes + k] : 0;
                for (int y = 0; y < classes; y++) {
                    int at = (w * classes + y) * classes + k;
                    // Rounding of a soft vote below chance may leave a count a little below 0.
                    row[y] = Math.max(0, sums.of[at] + spread);
                    parameters[at] = own.parameter(row[y], y == k, classes);
                }
                gain += own.learn(row, classes, k, classes);
                double sum = 0;
                for (int y = 0; y < classes; y++) {
                    logs[(w * classes + y) * classes + k] = row[y];
                    sum += row[y];
                }
                if (soft) {
                    logRowSums[w * classes + k] = sum;
                }
            }
        }
    }

    @Override
    public void score(int task, double[] logp) {
        for (int k = 0; k < classes; k++) {
            logp[k] = balance.log(k);
        }
        boolean weighted = votes.isWeighted();
        for (int v = votes.start(task); v < votes.start(task + 1); v++) {
            int w = votes.worker(v);
            int row = (w * classes + votes.label(v)) * classes;
            if (!weighted && !soft) {
                for (int k = 0; k < classes; k++) {
                    logp[k] += logs[row + k];
                }
                continue;
            }
            double weight = votes.weight(w);
            double share = soft ? beside(v) : 0;
            double own = weight * (soft ? own(v, share) : 1);
            for (int k = 0; k < classes; k++) {
                logp[k] += own * logs[row + k];
            }
            for (int k = 0; share > 0 && k < classes; k++) {
                logp[k] += weight * share * logRowSums[w * classes + k];
            }
        }
    }

    @Override
    public double parameters() {
        return gain;
    }

    Confusions confusions() {
        return new DenseConfusions(votes.workers(), classes, parameters.clone(), logs.clone(), rule.isBayesian());
    }
}
