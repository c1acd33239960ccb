package dev.chorus.aggregate.methods;

import dev.chorus.aggregate.Posteriors;
import dev.chorus.aggregate.Support;
import dev.chorus.aggregate.Trace;
import dev.chorus.aggregate.methods.LatentClassModel.Counts;
import dev.chorus.aggregate.votes.Votes;
import java.util.Arrays;

/**
 * Expectation-maximization, or its variational form, over tasks in lanes: one pass over the votes an iteration, in which
 * a task's posterior is made and at once added to the sums of the next step.
 *
 * <p>The objective is that of the parameters just learned: {@code sum_t ln sum_k prior_k lik_tk + parameters}. A gold
 * label leaves its class alone in the sum.
 */
final class ExpectationMaximization {

    private final Votes votes;
    private final Support support;
    private final LatentClassModel model;
    private final FitSettings settings;
    private final String objective;

    /** Result of a fit: posteriors under the parameters that the model holds afterwards. */
    record Fit(Posteriors posteriors, Trace trace) {}

    ExpectationMaximization(
            Votes votes, Support support, LatentClassModel model, FitSettings settings, String objective) {
        this.votes = votes;
        this.support = support;
        this.model = model;
        this.settings = settings;
        this.objective = objective;
    }

    /** From posteriors to begin with, such as vote shares, which are overwritten. */
    Fit run(double[] values) {
        return run(values, true);
    }

    /** From the parameters that the model has. */
    Fit runFromParameters() {
        return run(new double[support.start(support.tasks())], false);
    }

    private Fit run(double[] values, boolean fromPosteriors) {
        double[] trace = new double[settings.iterations()];
        int done = 0;
        boolean converged = false;
        try (Lanes lanes = new Lanes(votes, settings.threads(), model.bytes())) {
            Counts[] counts = new Counts[lanes.count()];
            double[] sums = new double[lanes.count()];
            if (fromPosteriors) {
                pass(lanes, counts, sums, values, true);
                model.maximize(total(counts));
            }
            double before = Double.NEGATIVE_INFINITY;
            while (done < settings.iterations() && !converged) {
                if (done > 0) {
                    model.maximize(total(counts));
                }
                pass(lanes, counts, sums, values, false);
                double now = model.parameters();
                for (double sum : sums) {
                    now += sum;
                }
                trace[done++] = now;
                converged = now - before < settings.tolerance() * Math.max(1, votes.size());
                before = now;
            }
        }
        return new Fit(new Posteriors(support, values), new Trace(objective, Arrays.copyOf(trace, done), converged));
    }

    private void pass(Lanes lanes, Counts[] counts, double[] sums, double[] values, boolean asGiven) {
        int largest = support.largest();
        lanes.forEach((lane, from, to) -> {
            if (counts[lane] == null) {
                counts[lane] = model.counts();
            } else {
                counts[lane].clear();
            }
            double[] row = new double[largest];
            double sum = 0;
            for (int t = from; t < to; t++) {
                int size = support.size(t);
                int start = support.start(t);
                if (asGiven) {
                    System.arraycopy(values, start, row, 0, size);
                } else {
                    sum += posterior(t, size, row);
                    System.arraycopy(row, 0, values, start, size);
                }
                counts[lane].add(t, row);
            }
            sums[lane] = sum;
        });
    }

    /** Turns a row of logs into a posterior; returns the log of its sum. */
    private double posterior(int task, int size, double[] row) {
        if (size == 0) {
            return 0;
        }
        model.score(task, row);
        int gold = votes.gold(task);
        if (gold != Votes.MISSING) {
            int at = support.indexOf(task, gold);
            double log = row[at];
            Arrays.fill(row, 0, size, 0);
            row[at] = 1;
            return log;
        }
        return softmax(row, size);
    }

    /** Softmax in place over [0, size); returns the log of the sum of the exponentials. */
    static double softmax(double[] row, int size) {
        double max = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < size; i++) {
            max = Math.max(max, row[i]);
        }
        double sum = 0;
        for (int i = 0; i < size; i++) {
            row[i] = Math.exp(row[i] - max);
            sum += row[i];
        }
        double scale = 1 / sum;
        for (int i = 0; i < size; i++) {
            row[i] *= scale;
        }
        return max + Math.log(sum);
    }

    private static Counts total(Counts[] counts) {
        for (int lane = 1; lane < counts.length; lane++) {
            counts[0].add(counts[lane]);
        }
        return counts[0];
    }
}
