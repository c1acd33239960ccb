package dev.chorus.aggregate.methods;

import dev.chorus.aggregate.Posteriors;
import dev.chorus.aggregate.Support;
import dev.chorus.aggregate.votes.Votes;
import java.util.Arrays;

/** Shares of votes: what majority votes are, and where expectation-maximization begins. */
final class VoteShares {

    private VoteShares() {}

    /**
     * Weighted shares over the candidates of every task.
     *
     * <p>Where no vote has weight, or there is no vote, the candidates share evenly; a gold label has all of it. Weights
     * may be negative (a labeler worse than chance); a class below 0 then counts as 0, and if all do they share evenly.
     *
     * @param skills [workers] beside the votes' own weights; null for ones
     */
    static double[] of(Votes votes, Support support, double[] skills) {
        double[] values = new double[support.start(support.tasks())];
        for (int t = 0; t < votes.tasks(); t++) {
            int start = support.start(t);
            int size = support.size(t);
            int gold = votes.gold(t);
            if (gold != Votes.MISSING) {
                values[start + support.indexOf(t, gold)] = 1;
                continue;
            }
            for (int v = votes.start(t); v < votes.start(t + 1); v++) {
                int w = votes.worker(v);
                double weight = votes.weight(w) * (skills == null ? 1 : skills[w]);
                values[start + support.indexOf(t, votes.label(v))] += weight;
            }
            double total = 0;
            for (int i = start; i < start + size; i++) {
                values[i] = Math.max(0, values[i]);
                total += values[i];
            }
            if (total > 0) {
                for (int i = start; i < start + size; i++) {
                    values[i] /= total;
                }
            } else {
                Arrays.fill(values, start, start + size, size == 0 ? 0 : 1.0 / size);
            }
        }
        return values;
    }

    static Posteriors posteriors(Votes votes, Support support, double[] skills) {
        return new Posteriors(support, of(votes, support, skills));
    }

    /** How often each worker says the label that the posteriors hold for most probable; NaN without a vote. */
    static double[] agreement(Votes votes, Posteriors posteriors) {
        double[] agreed = new double[votes.workers()];
        int[] counted = new int[votes.workers()];
        for (int t = 0; t < votes.tasks(); t++) {
            int label = posteriors.label(t);
            for (int v = votes.start(t); v < votes.start(t + 1); v++) {
                counted[votes.worker(v)]++;
                agreed[votes.worker(v)] += votes.label(v) == label ? 1 : 0;
            }
        }
        for (int w = 0; w < agreed.length; w++) {
            agreed[w] /= counted[w];
        }
        return agreed;
    }
}
