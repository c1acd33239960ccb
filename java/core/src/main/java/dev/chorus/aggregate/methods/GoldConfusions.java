package dev.chorus.aggregate.methods;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.Confusions;
import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.aggregate.Posteriors;
import dev.chorus.aggregate.Support;
import dev.chorus.aggregate.votes.Votes;
import java.util.Arrays;

/**
 * Confusion matrices from the gold tasks alone: what the labelers said there, a prior, and Bayes' rule for all other tasks.
 *
 * <pre>{@code
 * C_i[k, .] = mean of Dir(prior + counts on gold),   p(k | votes) is proportional to balance_k prod_i C_i[k, vote_i]
 * balance = (1 + gold counts) / (K + gold tasks)
 * }</pre>
 *
 * <p>The supervised case of Kim and Ghahramani 2012. Tasks without gold teach it nothing, so that clones cannot lead it
 * astray; {@link Ibcc} with the same gold learns from both. Without gold it knows the prior only.
 */
public final class GoldConfusions implements LabelAggregator {

    /** Its name. */
    public static final String NAME = "gold-confusions";

    private final double diagonal;
    private final double beside;

    /** With a prior of 2 for the right answer and 1 for all wrong ones together. */
    public GoldConfusions() {
        this(2, 1);
    }

    /**
     * With another prior.
     *
     * @param diagonal concentration of the right answer, above 0
     * @param beside   concentration of all wrong answers together, above 0
     */
    public GoldConfusions(double diagonal, double beside) {
        if (!(diagonal > 0) || !(beside > 0)) {
            throw new IllegalArgumentException(
                    "gold confusions: expected concentrations above 0, got " + diagonal + " and " + beside);
        }
        this.diagonal = diagonal;
        this.beside = beside;
    }

    @Override
    public String name() {
        return NAME;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if the classes are too many for full matrices
     */
    @Override
    public Aggregation fit(Votes votes) {
        Support support = Support.of(votes);
        if (!support.isAll()) {
            throw new IllegalArgumentException("gold-confusions: " + votes.classes() + " classes and " + votes.workers()
                    + " labelers are too many for full confusion matrices from gold; use ibcc or one-coin");
        }
        DenseConfusions confusions = learn(votes);
        double[] balance = balance(votes);
        double[] values = new double[support.start(votes.tasks())];
        double[] row = new double[votes.classes()];
        for (int t = 0; t < votes.tasks(); t++) {
            if (votes.gold(t) != Votes.MISSING) {
                Arrays.fill(row, 0);
                row[votes.gold(t)] = 1;
            } else {
                judge(votes, t, balance, confusions, row);
            }
            System.arraycopy(row, 0, values, support.start(t), row.length);
        }
        double[] accuracy = new double[votes.workers()];
        for (int w = 0; w < accuracy.length; w++) {
            accuracy[w] = confusions.accuracy(w, balance);
        }
        return Aggregation.of(NAME, votes, new Posteriors(support, values))
                .classBalance(balance)
                .confusions(confusions)
                .skill("accuracy", accuracy)
                .build();
    }

    private static void judge(Votes votes, int task, double[] balance, Confusions confusions, double[] row) {
        for (int k = 0; k < row.length; k++) {
            row[k] = Math.log(balance[k]);
            for (int v = votes.start(task); v < votes.start(task + 1); v++) {
                int w = votes.worker(v);
                row[k] += votes.weight(w) * confusions.logWeight(w, k, votes.label(v));
            }
        }
        ExpectationMaximization.softmax(row, row.length);
    }

    private static double[] balance(Votes votes) {
        double[] balance = new double[votes.classes()];
        Arrays.fill(balance, 1);
        for (int t = 0; t < votes.tasks(); t++) {
            if (votes.gold(t) != Votes.MISSING) {
                balance[votes.gold(t)]++;
            }
        }
        double sum = Arrays.stream(balance).sum();
        for (int k = 0; k < balance.length; k++) {
            balance[k] /= sum;
        }
        return balance;
    }

    private DenseConfusions learn(Votes votes) {
        int classes = votes.classes();
        double[] alpha = new double[votes.workers() * classes * classes];
        Arrays.fill(alpha, classes < 2 ? diagonal : beside / (classes - 1));
        for (int w = 0; w < votes.workers(); w++) {
            for (int k = 0; k < classes; k++) {
                alpha[(w * classes + k) * classes + k] = diagonal;
            }
        }
        for (int t = 0; t < votes.tasks(); t++) {
            for (int v = votes.start(t); votes.gold(t) != Votes.MISSING && v < votes.start(t + 1); v++) {
                alpha[(votes.worker(v) * classes + votes.label(v)) * classes + votes.gold(t)]++;
            }
        }
        double[] logs = new double[alpha.length];
        for (int w = 0; w < votes.workers(); w++) {
            for (int k = 0; k < classes; k++) {
                double total = 0;
                for (int y = 0; y < classes; y++) {
                    total += alpha[(w * classes + y) * classes + k];
                }
                for (int y = 0; y < classes; y++) {
                    int at = (w * classes + y) * classes + k;
                    logs[at] = Math.log(alpha[at] / total);
                }
            }
        }
        return new DenseConfusions(votes.workers(), classes, alpha, logs, true);
    }
}
