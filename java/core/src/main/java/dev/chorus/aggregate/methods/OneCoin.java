package dev.chorus.aggregate.methods;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.Confusions;
import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.aggregate.Support;
import dev.chorus.aggregate.methods.ExpectationMaximization.Fit;
import dev.chorus.aggregate.votes.Votes;
import java.util.Arrays;

/**
 * One accuracy for each labeler: Dawid and Skene's model with {@code s} on the diagonal of a labeler's confusion matrix and
 * {@code (1 - s) / (K - 1)} beside it.
 *
 * <pre>{@code
 * s_i = mean over its tasks of p_t(vote_it)
 * }</pre>
 *
 * <p>Zhang, Chen, Zhou and Jordan 2014, arXiv:1406.3824, section 4 (the one-coin model). Fewer parameters than a matrix:
 * the better choice with few votes a labeler. Accuracies stay 1e-10 away from 0 and 1.
 */
public final class OneCoin implements LabelAggregator {

    /** Its name. */
    public static final String NAME = "one-coin";

    private static final double EDGE = 1e-10;

    private final FitSettings settings;

    /** With a cap of 100 iterations and a tolerance of 1e-5 a vote. */
    public OneCoin() {
        this(FitSettings.defaults());
    }

    /** With other settings. */
    public OneCoin(FitSettings settings) {
        this.settings = settings;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Aggregation fit(Votes votes) {
        Support support = Support.of(votes);
        Model model = new Model(votes, support);
        Fit fit = new ExpectationMaximization(votes, support, model, settings, "log-likelihood")
                .run(VoteShares.of(votes, support, null));
        return Aggregation.of(NAME, votes, fit.posteriors())
                .trace(fit.trace())
                .classBalance(model.balance.mean())
                .confusions(new CoinConfusions(model.accuracy.clone(), votes.classes()))
                .skill("accuracy", model.accuracy)
                .build();
    }

    /** What other methods begin from: accuracies, and the posteriors as a table over the candidates. */
    record Coins(double[] accuracy, double[] posterior) {}

    static Coins coins(Votes votes, Support support, FitSettings settings) {
        double[] posterior = VoteShares.of(votes, support, null);
        Model model = new Model(votes, support);
        new ExpectationMaximization(votes, support, model, settings, "log-likelihood").run(posterior);
        return new Coins(model.accuracy, posterior);
    }

    private record CoinConfusions(double[] accuracy, int classes) implements Confusions {
        @Override
        public int workers() {
            return accuracy.length;
        }

        @Override
        public double probability(int worker, int truth, int given) {
            return truth == given ? accuracy[worker] : classes < 2 ? 0 : (1 - accuracy[worker]) / (classes - 1);
        }

        @Override
        public double accuracy(int worker, double[] balance) {
            return accuracy[worker];
        }
    }

    private static final class Model implements LatentClassModel {
        private final Votes votes;
        private final Support support;
        private final BalanceRule balance;
        private final double[] accuracy;
        private final double[] logRight;
        private final double[] logWrong;

        Model(Votes votes, Support support) {
            this.votes = votes;
            this.support = support;
            this.balance = new BalanceRule(votes.classes(), 0);
            this.accuracy = new double[votes.workers()];
            this.logRight = new double[votes.workers()];
            this.logWrong = new double[votes.workers()];
        }

        private final class Sums implements Counts {
            private final double[] right = new double[votes.workers()];
            private final double[] tasks = new double[votes.classes()];
            private final long[] given = new long[votes.workers()];

            @Override
            public void add(int task, double[] posterior) {
                for (int i = 0; i < support.size(task); i++) {
                    tasks[support.candidate(task, i)] += posterior[i];
                }
                for (int v = votes.start(task); v < votes.start(task + 1); v++) {
                    int w = votes.worker(v);
                    right[w] += posterior[support.indexOf(task, votes.label(v))];
                    given[w]++;
                }
            }

            @Override
            public void add(Counts other) {
                Sums that = (Sums) other;
                for (int w = 0; w < right.length; w++) {
                    right[w] += that.right[w];
                    given[w] += that.given[w];
                }
                for (int k = 0; k < tasks.length; k++) {
                    tasks[k] += that.tasks[k];
                }
            }

            @Override
            public void clear() {
                Arrays.fill(right, 0);
                Arrays.fill(given, 0);
                Arrays.fill(tasks, 0);
            }
        }

        @Override
        public Counts counts() {
            return new Sums();
        }

        @Override
        public long bytes() {
            return 16L * votes.workers() + 8L * votes.classes();
        }

        @Override
        public void maximize(Counts counts) {
            Sums sums = (Sums) counts;
            balance.learn(sums.tasks);
            int classes = votes.classes();
            for (int w = 0; w < accuracy.length; w++) {
                // A labeler without a vote is as good as chance.
                double share = sums.given[w] == 0 ? 1.0 / classes : sums.right[w] / sums.given[w];
                accuracy[w] = classes < 2 ? 1 : Math.min(Math.max(share, EDGE), 1 - EDGE);
                logRight[w] = Math.log(accuracy[w]);
                logWrong[w] = classes < 2 ? 0 : Math.log((1 - accuracy[w]) / (classes - 1));
            }
        }

        @Override
        public void score(int task, double[] logp) {
            int size = support.size(task);
            double all = 0;
            for (int i = 0; i < size; i++) {
                logp[i] = balance.log(support.candidate(task, i));
            }
            for (int v = votes.start(task); v < votes.start(task + 1); v++) {
                int w = votes.worker(v);
                double weight = votes.weight(w);
                all += weight * logWrong[w];
                logp[support.indexOf(task, votes.label(v))] += weight * (logRight[w] - logWrong[w]);
            }
            for (int i = 0; i < size; i++) {
                logp[i] += all;
            }
        }

        @Override
        public double parameters() {
            return 0;
        }
    }
}
