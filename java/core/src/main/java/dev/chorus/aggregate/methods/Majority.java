package dev.chorus.aggregate.methods;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.aggregate.Posteriors;
import dev.chorus.aggregate.Support;
import dev.chorus.aggregate.votes.Votes;

/**
 * Majority vote: a class's probability is its share of the votes on the task.
 *
 * <p>Ties go to the lowest class index, which is the label that appeared first in the votes. With labelers' weights
 * ({@link Votes#withWeights}) it is the weighted majority vote. A task without a vote of positive weight shares its
 * probability evenly.
 */
public final class Majority implements LabelAggregator {

    /** Its name. */
    public static final String NAME = "majority";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Aggregation fit(Votes votes) {
        Posteriors shares = VoteShares.posteriors(votes, Support.of(votes), null);
        return Aggregation.of(NAME, votes, shares)
                .classBalance(shares.mean())
                .skill("agreement", VoteShares.agreement(votes, shares))
                .build();
    }
}
