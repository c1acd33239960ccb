package dev.chorus.aggregate.methods;

import static dev.chorus.math.SpecialFunctions.digamma;
import static dev.chorus.math.SpecialFunctions.lnGamma;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.Confusions;
import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.aggregate.Support;
import dev.chorus.aggregate.methods.ExpectationMaximization.Fit;
import dev.chorus.aggregate.votes.Votes;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Multi-annotator competence estimation: a labeler knows the answer with its competence, and else guesses by a habit of its
 * own.
 *
 * <pre>{@code
 * p(y | k) = c_i [y = k] + (1 - c_i) xi_i[y],    classes even before the votes
 * }</pre>
 *
 * <p>Hovy et al. 2013, NAACL. By expectation-maximization with counts smoothed by 0.01 / K, or (the default) by variational
 * inference with priors Beta(0.5, 0.5) on the competence and Dir(10) on the habit. Of several restarts, each with a seed of
 * its own, the one with the best objective is kept.
 */
public final class Mace implements LabelAggregator {

    /** Its name. */
    public static final String NAME = "mace";

    private final Settings settings;

    /**
     * What can be chosen.
     *
     * @param variational else plain expectation-maximization; true
     * @param restarts    at least 1; 10
     * @param competence  both parameters of the Beta prior on the competence, above 0; 0.5
     * @param habit       concentration of every answer in the prior on the habit, above 0; 10
     * @param fit         iterations and the rest; 50 iterations
     */
    public record Settings(boolean variational, int restarts, double competence, double habit, FitSettings fit) {
        /** Checks the ranges. */
        public Settings {
            if (restarts < 1) {
                throw new IllegalArgumentException("restarts: expected 1 or more, got " + restarts);
            }
            if (!(competence > 0) || !(habit > 0)) {
                throw new IllegalArgumentException(
                        "competence and habit: expected priors above 0, got " + competence + " and " + habit);
            }
        }

        /** As documented on each. */
        public static Settings defaults() {
            return new Settings(true, 10, 0.5, 10, FitSettings.defaults().withIterations(50));
        }

        /** Variational or not. */
        public Settings withVariational(boolean value) {
            return new Settings(value, restarts, competence, habit, fit);
        }

        /** With other iterations and the rest. */
        public Settings with(FitSettings value) {
            return new Settings(variational, restarts, competence, habit, value);
        }
    }

    /** With the settings' defaults. */
    public Mace() {
        this(Settings.defaults());
    }

    /** With other settings. */
    public Mace(Settings settings) {
        this.settings = settings;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Aggregation fit(Votes votes) {
        Support support = Support.of(votes);
        Model best = null;
        Fit bestFit = null;
        SplittableRandom seeds = new SplittableRandom(settings.fit().seed());
        String objective = settings.variational() ? "evidence lower bound" : "log-likelihood and smoothing";
        for (int restart = 0; restart < settings.restarts(); restart++) {
            Model model = new Model(votes, support, settings);
            model.begin(seeds.split());
            Fit fit = new ExpectationMaximization(votes, support, model, settings.fit(), objective).runFromParameters();
            if (bestFit == null || fit.trace().last() > bestFit.trace().last()) {
                best = model;
                bestFit = fit;
            }
        }
        double[] competence = best.meanCompetence();
        double[] even = new double[votes.classes()];
        Arrays.fill(even, 1.0 / votes.classes());
        return Aggregation.of(NAME, votes, bestFit.posteriors())
                .trace(bestFit.trace())
                .classBalance(even)
                .confusions(best.confusions())
                .skill("competence", competence)
                .build();
    }

    /** The model; also what a test of one step looks at. */
    static final class Model implements LatentClassModel {
        private final Votes votes;
        private final Support support;
        private final Settings settings;
        private final int classes;
        /** Weights of knowing and of guessing, and of each guess, [workers] and [workers][classes]; logs' exponentials. */
        private final double[] know;

        private final double[] guess;
        private final double[] habit;
        private final double[] knowCounts;
        private final double[] guessCounts;
        private double gain;

        Model(Votes votes, Support support, Settings settings) {
            this.votes = votes;
            this.support = support;
            this.settings = settings;
            this.classes = votes.classes();
            this.know = new double[votes.workers()];
            this.guess = new double[votes.workers()];
            this.habit = new double[Math.multiplyExact(votes.workers(), classes)];
            this.knowCounts = new double[votes.workers()];
            this.guessCounts = new double[habit.length];
        }

        /** Draws parameters around even ones. */
        void begin(SplittableRandom random) {
            for (int w = 0; w < know.length; w++) {
                double a = 1 + 1.5 * random.nextDouble();
                double b = 1 + 1.5 * random.nextDouble();
                double sum = 0;
                for (int y = 0; y < classes; y++) {
                    habit[w * classes + y] = 1 + 1.5 * random.nextDouble();
                    sum += habit[w * classes + y];
                }
                for (int y = 0; y < classes; y++) {
                    habit[w * classes + y] /= sum;
                }
                know[w] = a / (a + b);
                guess[w] = b / (a + b);
            }
        }

        /** Sets one competence and even habits for all. */
        void begin(double competence) {
            Arrays.fill(know, competence);
            Arrays.fill(guess, 1 - competence);
            Arrays.fill(habit, 1.0 / classes);
        }

        private final class Sums implements Counts {
            private final double[] knew = new double[know.length];
            private final double[] guessed = new double[habit.length];

            @Override
            public void add(int task, double[] posterior) {
                for (int v = votes.start(task); v < votes.start(task + 1); v++) {
                    int w = votes.worker(v);
                    int y = votes.label(v);
                    double weight = votes.weight(w);
                    double right = posterior[support.indexOf(task, y)];
                    double g = guess[w] * habit[w * classes + y];
                    double both = know[w] + g;
                    double byKnowing = both > 0 ? right * know[w] / both : 0;
                    knew[w] += weight * byKnowing;
                    guessed[w * classes + y] += weight * (1 - byKnowing);
                }
            }

            @Override
            public void add(Counts other) {
                Sums that = (Sums) other;
                for (int w = 0; w < knew.length; w++) {
                    knew[w] += that.knew[w];
                }
                for (int i = 0; i < guessed.length; i++) {
                    guessed[i] += that.guessed[i];
                }
            }

            @Override
            public void clear() {
                Arrays.fill(knew, 0);
                Arrays.fill(guessed, 0);
            }
        }

        @Override
        public Counts counts() {
            return new Sums();
        }

        @Override
        public long bytes() {
            return 8L * (habit.length + know.length);
        }

        @Override
        public void maximize(Counts counts) {
            Sums sums = (Sums) counts;
            System.arraycopy(sums.knew, 0, knowCounts, 0, know.length);
            System.arraycopy(sums.guessed, 0, guessCounts, 0, habit.length);
            gain = 0;
            double[] two = new double[2];
            double[] row = new double[classes];
            double smoothing = 0.01 / classes;
            for (int w = 0; w < know.length; w++) {
                System.arraycopy(guessCounts, w * classes, row, 0, classes);
                two[0] = knowCounts[w];
                two[1] = 0;
                for (double count : row) {
                    two[1] += count;
                }
                gain += learn(two, settings.variational() ? settings.competence() : smoothing);
                gain += learn(row, settings.variational() ? settings.habit() : smoothing);
                know[w] = two[0];
                guess[w] = two[1];
                System.arraycopy(row, 0, habit, w * classes, classes);
            }
        }

        /** Counts become probabilities, or exponentials of expected logs; returns what that adds to the objective. */
        private double learn(double[] row, double prior) {
            double sum = 0;
            for (double count : row) {
                sum += count;
            }
            double total = sum + prior * row.length;
            double added = 0;
            if (!settings.variational()) {
                for (int i = 0; i < row.length; i++) {
                    row[i] = (row[i] + prior) / total;
                    added += prior * Math.log(row[i]);
                }
                return added;
            }
            double psi = digamma(total);
            added = lnGamma(prior * row.length) - lnGamma(total);
            for (int i = 0; i < row.length; i++) {
                double log = digamma(row[i] + prior) - psi;
                added += lnGamma(row[i] + prior) - lnGamma(prior) - row[i] * log;
                row[i] = Math.exp(log);
            }
            return added;
        }

        @Override
        public void score(int task, double[] logp) {
            int size = support.size(task);
            Arrays.fill(logp, 0, size, 0);
            double all = -Math.log(classes);
            for (int v = votes.start(task); v < votes.start(task + 1); v++) {
                int w = votes.worker(v);
                int y = votes.label(v);
                double weight = votes.weight(w);
                double g = guess[w] * habit[w * classes + y];
                double wrong = weight * Math.log(Math.max(g, Double.MIN_NORMAL));
                all += wrong;
                logp[support.indexOf(task, y)] += weight * Math.log(Math.max(know[w] + g, Double.MIN_NORMAL)) - wrong;
            }
            for (int i = 0; i < size; i++) {
                logp[i] += all;
            }
        }

        @Override
        public double parameters() {
            return gain;
        }

        /** [workers] expected numbers of guessed votes of the last step. */
        double[] guesses() {
            double[] sums = new double[know.length];
            for (int w = 0; w < sums.length; w++) {
                for (int y = 0; y < classes; y++) {
                    sums[w] += guessCounts[w * classes + y];
                }
            }
            return sums;
        }

        double[] meanCompetence() {
            double prior = settings.variational() ? settings.competence() : 0.01 / classes;
            double[] guesses = guesses();
            double[] mean = new double[know.length];
            for (int w = 0; w < mean.length; w++) {
                mean[w] = (knowCounts[w] + prior) / (knowCounts[w] + guesses[w] + 2 * prior);
            }
            return mean;
        }

        Confusions confusions() {
            double prior = settings.variational() ? settings.habit() : 0.01 / classes;
            double[] competence = meanCompetence();
            double[] guesses = guesses();
            double[] habits = new double[habit.length];
            for (int w = 0; w < know.length; w++) {
                for (int y = 0; y < classes; y++) {
                    habits[w * classes + y] = (guessCounts[w * classes + y] + prior) / (guesses[w] + classes * prior);
                }
            }
            return new Knowing(competence, habits, classes);
        }
    }

    private record Knowing(double[] competence, double[] habits, int classes) implements Confusions {
        @Override
        public int workers() {
            return competence.length;
        }

        @Override
        public double probability(int worker, int truth, int given) {
            double guessed = (1 - competence[worker]) * habits[worker * classes + given];
            return truth == given ? competence[worker] + guessed : guessed;
        }
    }
}
