package dev.chorus.aggregate.methods;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.Confusions;
import dev.chorus.aggregate.Support;
import dev.chorus.aggregate.methods.ExpectationMaximization.Fit;
import dev.chorus.aggregate.votes.Votes;

/** A fit of confusion matrices from vote shares, with tables that suit the number of classes. */
final class ConfusionFit {

    private ConfusionFit() {}

    /** From vote shares. */
    static Aggregation run(
            String method,
            Votes votes,
            Support support,
            RowRule rule,
            BalanceRule balance,
            boolean soft,
            FitSettings settings,
            String objective) {
        double[] shares = VoteShares.of(votes, support, null);
        return run(method, votes, support, shares, rule, balance, soft, settings, objective);
    }

    /** From posteriors, which are overwritten. */
    static Aggregation run(
            String method,
            Votes votes,
            Support support,
            double[] shares,
            RowRule rule,
            BalanceRule balance,
            boolean soft,
            FitSettings settings,
            String objective) {
        Fit fit;
        Confusions confusions;
        if (support.isAll()) {
            DenseConfusionModel model = new DenseConfusionModel(votes, rule, balance, soft);
            fit = new ExpectationMaximization(votes, support, model, settings, objective).run(shares);
            confusions = model.confusions();
        } else {
            SparseConfusionModel model = new SparseConfusionModel(votes, support, rule, balance);
            fit = new ExpectationMaximization(votes, support, model, settings, objective).run(shares);
            confusions = model.confusions();
        }
        double[] accuracy = new double[votes.workers()];
        double[] mean = balance.mean();
        for (int w = 0; w < accuracy.length; w++) {
            accuracy[w] = confusions.accuracy(w, mean);
        }
        return Aggregation.of(method, votes, fit.posteriors())
                .trace(fit.trace())
                .classBalance(mean)
                .confusions(confusions)
                .skill("accuracy", accuracy)
                .build();
    }
}
