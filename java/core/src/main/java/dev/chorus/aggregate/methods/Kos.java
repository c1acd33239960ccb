package dev.chorus.aggregate.methods;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.aggregate.Posteriors;
import dev.chorus.aggregate.Support;
import dev.chorus.aggregate.Trace;
import dev.chorus.aggregate.votes.Votes;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Message passing between tasks and labelers, for two classes.
 *
 * <pre>{@code
 * x_{t->i} = sum_{j != i} A_tj y_{j->t}        what others say of the task
 * y_{i->t} = sum_{s != t} A_si x_{s->i}        how the labeler did on other tasks
 * label_t  = sign sum_j A_tj y_{j->t}          A: +1 for the first class, -1 for the second
 * }</pre>
 *
 * <p>Karger, Oh and Shah 2011, NeurIPS; messages begin from N(1, 1) and are scaled each round, which changes no sign. All signs turned
 * together would satisfy the equations as well; of the two the one is taken under which labelers are better than chance. A gold
 * task's messages are its label's sign at the size of the largest message. Probabilities are shares of the final messages
 * and no posterior.
 */
public final class Kos implements LabelAggregator {

    /** Its name. */
    public static final String NAME = "kos";

    private final FitSettings settings;

    /** With 100 rounds at most. */
    public Kos() {
        this(FitSettings.defaults());
    }

    /** With other settings; the tolerance is on the mean change of a scaled message. */
    public Kos(FitSettings settings) {
        this.settings = settings;
    }

    @Override
    public String name() {
        return NAME;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if there are more than two classes
     */
    @Override
    public Aggregation fit(Votes votes) {
        if (votes.classes() > 2) {
            throw new IllegalArgumentException(
                    "kos: expected two classes, got " + votes.classes() + "; it passes signs, use another method");
        }
        int n = votes.size();
        double[] toTask = new double[n];
        double[] toWorker = new double[n];
        SplittableRandom random = new SplittableRandom(settings.seed());
        for (int v = 0; v < n; v++) {
            toTask[v] = 1 + random.nextGaussian();
        }
        double[] trace = new double[settings.iterations()];
        int done = 0;
        boolean converged = n == 0;
        double[] of = new double[votes.workers()];
        while (done < settings.iterations() && !converged) {
            tasks(votes, toTask, toWorker);
            Arrays.fill(of, 0);
            for (int v = 0; v < n; v++) {
                of[votes.worker(v)] += sign(votes, v) * toWorker[v] * votes.weight(votes.worker(v));
            }
            double moved = 0;
            double largest = 0;
            double[] next = new double[n];
            for (int v = 0; v < n; v++) {
                int w = votes.worker(v);
                next[v] = of[w] - sign(votes, v) * toWorker[v] * votes.weight(w);
                largest = Math.max(largest, Math.abs(next[v]));
            }
            for (int v = 0; v < n; v++) {
                next[v] = largest > 0 ? next[v] / largest : 0;
                moved += Math.abs(next[v] - toTask[v]) / n;
            }
            if (largest == 0) {
                // Labelers of one vote have no other task to be judged by: all are alike.
                Arrays.fill(next, 1);
            }
            System.arraycopy(next, 0, toTask, 0, n);
            trace[done++] = moved;
            converged = moved <= settings.tolerance();
        }
        double together = 0;
        for (double message : toTask) {
            together += message;
        }
        for (int v = 0; together < 0 && v < n; v++) {
            toTask[v] = -toTask[v];
        }
        return result(votes, toTask, new Trace("mean change of a message", Arrays.copyOf(trace, done), converged));
    }

    private static void tasks(Votes votes, double[] toTask, double[] toWorker) {
        double largest = 0;
        for (int t = 0; t < votes.tasks(); t++) {
            double sum = 0;
            for (int v = votes.start(t); v < votes.start(t + 1); v++) {
                sum += sign(votes, v) * toTask[v] * votes.weight(votes.worker(v));
            }
            for (int v = votes.start(t); v < votes.start(t + 1); v++) {
                toWorker[v] = sum - sign(votes, v) * toTask[v] * votes.weight(votes.worker(v));
                largest = Math.max(largest, Math.abs(toWorker[v]));
            }
        }
        for (int t = 0; votes.goldCount() > 0 && t < votes.tasks(); t++) {
            for (int v = votes.start(t); votes.gold(t) != Votes.MISSING && v < votes.start(t + 1); v++) {
                toWorker[v] = (votes.gold(t) == 0 ? 1 : -1) * Math.max(largest, 1);
            }
        }
    }

    private static Aggregation result(Votes votes, double[] toTask, Trace trace) {
        Support support = Support.all(votes);
        double[] values = new double[support.start(votes.tasks())];
        double[] reliability = new double[votes.workers()];
        for (int t = 0; t < votes.tasks(); t++) {
            int start = support.start(t);
            int size = votes.classes();
            double total = 0;
            for (int v = votes.start(t); v < votes.start(t + 1); v++) {
                int w = votes.worker(v);
                double message = toTask[v] * votes.weight(w);
                reliability[w] += toTask[v];
                // A negative message speaks for the other class.
                int label = message >= 0 || size < 2 ? votes.label(v) : 1 - votes.label(v);
                values[start + label] += Math.abs(message);
                total += Math.abs(message);
            }
            for (int k = 0; k < size; k++) {
                values[start + k] = votes.gold(t) != Votes.MISSING
                        ? votes.gold(t) == k ? 1 : 0
                        : total > 0 ? values[start + k] / total : 1.0 / size;
            }
        }
        int[] count = votes.votesOfWorkers();
        for (int w = 0; w < reliability.length; w++) {
            reliability[w] = count[w] == 0 ? 0 : reliability[w] / count[w];
        }
        Posteriors posteriors = new Posteriors(support, values);
        return Aggregation.of(NAME, votes, posteriors)
                .trace(trace)
                .skill("reliability", reliability)
                .build();
    }

    private static int sign(Votes votes, int vote) {
        return votes.label(vote) == 0 ? 1 : -1;
    }
}
