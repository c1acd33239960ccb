package dev.chorus.aggregate.methods;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.aggregate.Support;
import dev.chorus.aggregate.Trace;
import dev.chorus.aggregate.votes.Votes;
import java.util.Arrays;

/**
 * Zero-based skill: a weighted majority vote and the labelers' agreement with it in turn, with a falling step.
 *
 * <pre>{@code
 * skill = 1 / K + 1e-5 at first;    skill += rate (agreement - skill);    rate halves every 20 steps, from 1
 * }</pre>
 *
 * <p>Toloka's method of that name, as crowd-kit implements it. Stops when no skill moves by more than the tolerance.
 */
public final class ZeroBasedSkill implements LabelAggregator {

    /** Its name. */
    public static final String NAME = "zero-based-skill";

    private static final int STEPS_OF_A_RATE = 20;

    private final FitSettings settings;

    /** With a cap of 100 iterations. */
    public ZeroBasedSkill() {
        this(FitSettings.defaults());
    }

    /** With other settings. */
    public ZeroBasedSkill(FitSettings settings) {
        this.settings = settings;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Aggregation fit(Votes votes) {
        Support support = Support.of(votes);
        double[] skill = new double[votes.workers()];
        Arrays.fill(skill, 1.0 / Math.max(1, votes.classes()) + 1e-5);
        double[] trace = new double[settings.iterations()];
        double rate = 1;
        int done = 0;
        boolean converged = false;
        while (done < settings.iterations() && !converged) {
            if ((done + 1) % STEPS_OF_A_RATE == 0) {
                rate /= 2;
            }
            double[] agreement = VoteShares.agreement(votes, VoteShares.posteriors(votes, support, skill));
            double moved = 0;
            for (int w = 0; w < skill.length; w++) {
                if (!Double.isNaN(agreement[w])) {
                    double step = rate * (agreement[w] - skill[w]);
                    moved = Math.max(moved, Math.abs(step));
                    skill[w] += step;
                }
            }
            trace[done++] = moved;
            converged = moved <= settings.tolerance();
        }
        var shares = VoteShares.posteriors(votes, support, skill);
        return Aggregation.of(NAME, votes, shares)
                .trace(new Trace("largest change of a skill", Arrays.copyOf(trace, done), converged))
                .classBalance(shares.mean())
                .skill("skill", skill)
                .build();
    }
}
