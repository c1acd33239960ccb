package dev.chorus.aggregate.methods;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.aggregate.Support;
import dev.chorus.aggregate.votes.Votes;

/**
 * A confusion matrix for each labeler and a class balance, by expectation-maximization from vote shares.
 *
 * <pre>{@code
 * p(k | votes)  is proportional to  balance_k  prod_i e_i[k, vote_i]
 * balance_k = mean_t p_t(k)          e_i[k, y] = sum_{t: vote_it = y} p_t(k) / sum_{t: i voted} p_t(k)
 * }</pre>
 *
 * <p>Dawid and Skene 1979, Applied Statistics 28(1), doi:10.2307/2346806. Counts are at least 1e-10, so that nothing is
 * impossible. With many classes the posterior is restricted to the classes voted for (see {@link Support}). It believes
 * that labelers err independently: copies of a labeler count as witnesses, and it follows them; find them first
 * ({@code labelers.Clones}).
 */
public final class DawidSkene implements LabelAggregator {

    /** Its name. */
    public static final String NAME = "dawid-skene";

    private final FitSettings settings;

    /** With a cap of 100 iterations and a tolerance of 1e-5 a vote. */
    public DawidSkene() {
        this(FitSettings.defaults());
    }

    /** With other settings. */
    public DawidSkene(FitSettings settings) {
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

    /** With other candidates than {@link Support#of} chooses. */
    public Aggregation fit(Votes votes, Support support) {
        BalanceRule balance = new BalanceRule(votes.classes(), 0);
        return ConfusionFit.run(NAME, votes, support, new PointRows(), balance, false, settings, "log-likelihood");
    }
}
