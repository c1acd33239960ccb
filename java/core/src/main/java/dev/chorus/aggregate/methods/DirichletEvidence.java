package dev.chorus.aggregate.methods;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.DirichletPosterior;
import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.aggregate.Posteriors;
import dev.chorus.aggregate.Support;
import dev.chorus.aggregate.labelers.GoldWeights;
import dev.chorus.aggregate.votes.Votes;
import java.util.Arrays;

/**
 * Every vote is evidence for a task's own Dirichlet distribution over its classes; a soft vote is evidence in parts.
 *
 * <pre>{@code
 * alpha_k = prior + sum_i weight_i y_ik,    p_k = alpha_k / sum_k alpha_k
 * y_i: p on the vote's label and (1 - p) / (K - 1) on each other, or all on the label if the labeler gave no probability
 * }</pre>
 *
 * <p>The conjugate posterior of the multinomial (Gelman et al., Bayesian Data Analysis, 3.4), read as evidence in the sense
 * of Sensoy et al. 2018, arXiv:1806.01768: few votes leave the probabilities near even and the vacuity high, which shares
 * do not tell. A gold label is certain. With more classes than a table holds, the probabilities are those among the
 * classes voted for.
 */
public final class DirichletEvidence implements LabelAggregator {

    /** Its name. */
    public static final String NAME = "dirichlet-evidence";

    private final double prior;
    private final boolean tempered;

    /** With a prior of 1 for each class. */
    public DirichletEvidence() {
        this(1, false);
    }

    /**
     * With another prior.
     *
     * @param prior    concentration of every class, above 0
     * @param tempered whether soft votes are first brought to each labeler's temperature, as gold tells it
     */
    public DirichletEvidence(double prior, boolean tempered) {
        if (!(prior > 0) || Double.isInfinite(prior)) {
            throw new IllegalArgumentException("prior: expected a concentration above 0, got " + prior);
        }
        this.prior = prior;
        this.tempered = tempered;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Aggregation fit(Votes given) {
        boolean temper = tempered && given.goldCount() > 0 && given.hasProbabilities() && given.classes() > 1;
        Votes votes = temper ? GoldWeights.tempered(given, GoldWeights.temperatures(given)) : given;
        Support support = Support.of(votes);
        double[] values = new double[support.start(support.tasks())];
        for (int t = 0; t < votes.tasks(); t++) {
            int start = support.start(t);
            int size = support.size(t);
            if (votes.gold(t) != Votes.MISSING) {
                values[start + support.indexOf(t, votes.gold(t))] = 1;
                continue;
            }
            double total = 0;
            double everywhere = prior;
            for (int v = votes.start(t); v < votes.start(t + 1); v++) {
                double weight = votes.weight(votes.worker(v));
                double beside = beside(votes, v);
                everywhere += weight * beside;
                values[start + support.indexOf(t, votes.label(v))] += weight * (own(votes, v) - beside);
            }
            for (int i = start; i < start + size; i++) {
                values[i] = Math.max(0, values[i] + everywhere);
                total += values[i];
            }
            for (int i = start; i < start + size; i++) {
                values[i] /= total;
            }
        }
        Posteriors posteriors = new Posteriors(support, values);
        return Aggregation.of(NAME, votes, posteriors)
                .classBalance(posteriors.mean())
                .skill("agreement", VoteShares.agreement(votes, posteriors))
                .build();
    }

    /** The distribution of one task, from which its vacuity and its other measures of doubt come. */
    public DirichletPosterior posterior(Votes votes, int task) {
        double[] alpha = new double[votes.classes()];
        Arrays.fill(alpha, prior);
        for (int v = votes.start(task); v < votes.start(task + 1); v++) {
            double weight = votes.weight(votes.worker(v));
            double beside = beside(votes, v);
            for (int k = 0; k < alpha.length; k++) {
                alpha[k] += weight * (k == votes.label(v) ? own(votes, v) : beside);
            }
        }
        return DirichletPosterior.of(alpha);
    }

    private static double own(Votes votes, int vote) {
        double p = votes.probability(vote);
        return Double.isNaN(p) || votes.classes() < 2 ? 1 : p;
    }

    private static double beside(Votes votes, int vote) {
        double p = votes.probability(vote);
        return Double.isNaN(p) || votes.classes() < 2 ? 0 : (1 - p) / (votes.classes() - 1);
    }
}
