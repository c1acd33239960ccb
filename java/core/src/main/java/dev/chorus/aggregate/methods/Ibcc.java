package dev.chorus.aggregate.methods;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.aggregate.Support;
import dev.chorus.aggregate.votes.Votes;

/**
 * Independent Bayesian classifier combination: Dawid and Skene's model with Dirichlet priors on the class balance and on
 * every row of every labeler's confusion matrix, by variational inference. Its answer holds distributions over the
 * matrices, with credible intervals, and doubts labelers that it has hardly seen.
 *
 * <pre>{@code
 * p(k | votes)  is proportional to  exp(E ln balance_k + sum_i E ln theta_i[k, vote_i])
 * theta_i[k, .] ~ Dir(prior + expected counts)
 * prior, pooled: K strength s_i on the right answer, K strength (1 - s_i) / (K - 1) on each other, s_i from a one-coin fit
 * prior, fixed:  diagonal on the right answer, beside / (K - 1) on each other
 * }</pre>
 *
 * <p>Kim and Ghahramani 2012, AISTATS; variational updates as in Simpson et al. 2013, "Dynamic Bayesian combination of
 * multiple imperfect classifiers". The trace is the evidence lower bound, which never falls. Soft votes enter as expected
 * counts: a vote of probability p spreads 1 - p over the other classes.
 */
public final class Ibcc implements LabelAggregator {

    /** Its name. */
    public static final String NAME = "ibcc";

    private final Settings settings;

    /**
     * The priors.
     *
     * @param strength pseudo-votes a class of a row in the pooled prior; 0 for the fixed prior; 4
     * @param diagonal fixed prior: concentration of the right answer, above 0; 2
     * @param beside   fixed prior: concentration of all wrong answers of a row together, above 0; 1
     * @param balance  concentration of every class in the class balance, above 0; 1
     * @param soft     whether the probabilities of votes count; false
     * @param fit      iterations and the rest
     */
    public record Settings(
            double strength, double diagonal, double beside, double balance, boolean soft, FitSettings fit) {
        /** Checks the ranges. */
        public Settings {
            if (!(strength >= 0) || Double.isInfinite(strength)) {
                throw new IllegalArgumentException("strength: expected 0 (fixed prior) or more, got " + strength);
            }
            positive("diagonal", diagonal);
            positive("beside", beside);
            positive("balance", balance);
        }

        /** As documented on each. */
        public static Settings defaults() {
            return new Settings(4, 2, 1, 1, false, FitSettings.defaults().withTolerance(1e-6));
        }

        /** With other iterations and the rest. */
        public Settings with(FitSettings value) {
            return new Settings(strength, diagonal, beside, balance, soft, value);
        }

        /** With or without the probabilities of votes. */
        public Settings withSoft(boolean value) {
            return new Settings(strength, diagonal, beside, balance, value, fit);
        }

        /** With another strength of the pooled prior; 0 for the fixed one. */
        public Settings withStrength(double value) {
            return new Settings(value, diagonal, beside, balance, soft, fit);
        }

        private static void positive(String name, double value) {
            if (!(value > 0) || Double.isInfinite(value)) {
                throw new IllegalArgumentException(name + ": expected a concentration above 0, got " + value);
            }
        }
    }

    /** With the settings' defaults. */
    public Ibcc() {
        this(Settings.defaults());
    }

    /** With other settings. */
    public Ibcc(Settings settings) {
        this.settings = settings;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Aggregation fit(Votes votes) {
        return fit(votes, Support.of(votes));
    }

    /**
     * With other candidates than {@link Support#of} chooses.
     *
     * @throws IllegalArgumentException if soft votes are to count and the classes are too many to spread them over
     */
    public Aggregation fit(Votes votes, Support support) {
        boolean soft = settings.soft() && votes.hasProbabilities();
        if (soft && !support.isAll()) {
            throw new IllegalArgumentException("ibcc: soft votes over " + votes.classes()
                    + " classes would need full confusion matrices; use up to " + Support.DENSE_CLASSES
                    + " classes, or soft=false");
        }
        BalanceRule balance = new BalanceRule(votes.classes(), settings.balance());
        String objective = "evidence lower bound";
        if (settings.strength() == 0 || votes.classes() < 2) {
            RowRule fixed = new DirichletRows(settings.diagonal(), settings.beside());
            return ConfusionFit.run(NAME, votes, support, fixed, balance, soft, settings.fit(), objective);
        }
        OneCoin.Coins coins = OneCoin.coins(votes, support, settings.fit());
        RowRule pooled = new PooledRows(coins.accuracy(), settings.strength(), votes.classes());
        return ConfusionFit.run(
                NAME, votes, support, coins.posterior(), pooled, balance, soft, settings.fit(), objective);
    }
}
