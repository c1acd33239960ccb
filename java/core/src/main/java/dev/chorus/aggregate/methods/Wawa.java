package dev.chorus.aggregate.methods;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.aggregate.Posteriors;
import dev.chorus.aggregate.Support;
import dev.chorus.aggregate.votes.Votes;

/**
 * Worker agreement with aggregate: a labeler's skill is how often it agrees with the majority, and the labels are the
 * majority weighted by skill.
 *
 * <p>Appen's measure of that name; gold labels stand in the aggregate where there are some. Where all labelers of a task
 * have skill 0 its classes share evenly.
 */
public final class Wawa implements LabelAggregator {

    /** Its name. */
    public static final String NAME = "wawa";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Aggregation fit(Votes votes) {
        Support support = Support.of(votes);
        double[] skill = VoteShares.agreement(votes, VoteShares.posteriors(votes, support, null));
        for (int w = 0; w < skill.length; w++) {
            skill[w] = Double.isNaN(skill[w]) ? 0 : skill[w];
        }
        Posteriors shares = VoteShares.posteriors(votes, support, skill);
        return Aggregation.of(NAME, votes, shares)
                .classBalance(shares.mean())
                .skill("agreement", skill)
                .build();
    }
}
