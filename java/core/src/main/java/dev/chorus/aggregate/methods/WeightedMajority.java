package dev.chorus.aggregate.methods;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.aggregate.Posteriors;
import dev.chorus.aggregate.Support;
import dev.chorus.aggregate.labelers.GoldWeights;
import dev.chorus.aggregate.votes.Votes;

/**
 * Majority vote with weights of the labelers from the gold tasks: the log-odds of their accuracy there, or a power of it.
 *
 * <p>The log-odds weights are those under which a weighted vote of independent labelers is most often right (Nitzan and
 * Paroush 1982); see {@link GoldWeights}. Without gold every labeler has the same, and it is {@link Majority}.
 */
public final class WeightedMajority implements LabelAggregator {

    /** Its name. */
    public static final String NAME = "weighted-majority";

    private final double power;

    /** With log-odds weights. */
    public WeightedMajority() {
        this(0);
    }

    /**
     * With a power of the accuracy.
     *
     * @param power above 0; 0 for log-odds
     */
    public WeightedMajority(double power) {
        if (!(power >= 0) || Double.isInfinite(power)) {
            throw new IllegalArgumentException("power: expected 0 (log-odds) or more, got " + power);
        }
        this.power = power;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Aggregation fit(Votes votes) {
        double[] weights = weights(votes);
        Posteriors shares = VoteShares.posteriors(votes, Support.of(votes), weights);
        return Aggregation.of(NAME, votes, shares)
                .classBalance(shares.mean())
                .skill("weight", weights)
                .skill("agreement", VoteShares.agreement(votes, shares))
                .build();
    }

    private double[] weights(Votes votes) {
        if (votes.goldCount() == 0) {
            double[] ones = new double[votes.workers()];
            java.util.Arrays.fill(ones, 1);
            return ones;
        }
        GoldWeights.Counts counts = GoldWeights.counts(votes);
        return power == 0
                ? GoldWeights.logOdds(counts.right(), counts.seen(), votes.classes())
                : GoldWeights.accuracyPower(counts.right(), counts.seen(), votes.classes(), power);
    }
}
