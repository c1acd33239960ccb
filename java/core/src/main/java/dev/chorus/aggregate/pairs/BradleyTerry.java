package dev.chorus.aggregate.pairs;

import dev.chorus.aggregate.Aggregator;
import dev.chorus.aggregate.Trace;
import dev.chorus.aggregate.methods.FitSettings;
import java.util.Arrays;
import java.util.Map;

/**
 * Strengths of things from pairwise comparisons.
 *
 * <pre>{@code
 * p(i beats j) = s_i / (s_i + s_j)
 * s_i <- wins_i / sum_j n_ij / (s_i + s_j),   then scaled to sum to 1
 * }</pre>
 *
 * <p>Bradley and Terry 1952; the updates of Hunter 2004, Annals of Statistics 32(1), under which the log-likelihood never
 * falls. A thing that never won gets 0; one that never lost drives the others towards 0, as the likelihood asks.
 */
public final class BradleyTerry implements Aggregator<Comparisons, Ranking> {

    private final FitSettings settings;

    /** With at most 1000 iterations; it stops when the scores move by less than 1e-5 together. */
    public BradleyTerry() {
        this(FitSettings.defaults().withIterations(1000));
    }

    /** With other settings. */
    public BradleyTerry(FitSettings settings) {
        this.settings = settings;
    }

    /** Scores sum to 1. */
    @Override
    public Ranking fit(Comparisons comparisons) {
        int n = comparisons.items();
        double[] scores = new double[n];
        Arrays.fill(scores, 1.0 / Math.max(1, n));
        double[] wins = new double[n];
        for (int winner : comparisons.winner()) {
            wins[winner]++;
        }
        double[] trace = new double[settings.iterations()];
        int done = 0;
        boolean converged = comparisons.size() == 0;
        while (done < settings.iterations() && !converged) {
            double[] weight = new double[n];
            for (int c = 0; c < comparisons.size(); c++) {
                int i = comparisons.winner()[c];
                int j = comparisons.loser()[c];
                double share = 1 / Math.max(scores[i] + scores[j], Double.MIN_NORMAL);
                weight[i] += share;
                weight[j] += share;
            }
            double[] next = new double[n];
            double sum = 0;
            for (int i = 0; i < n; i++) {
                next[i] = weight[i] > 0 ? wins[i] / weight[i] : scores[i];
                sum += next[i];
            }
            double moved = 0;
            for (int i = 0; i < n; i++) {
                next[i] /= sum;
                moved += Math.abs(next[i] - scores[i]);
            }
            scores = next;
            trace[done++] = logLikelihood(comparisons, scores);
            converged = moved < settings.tolerance();
        }
        return new Ranking(scores, Map.of(), new Trace("log-likelihood", Arrays.copyOf(trace, done), converged));
    }

    private static double logLikelihood(Comparisons comparisons, double[] scores) {
        double sum = 0;
        for (int c = 0; c < comparisons.size(); c++) {
            double win = Math.max(scores[comparisons.winner()[c]], Double.MIN_NORMAL);
            sum += Math.log(win / (win + scores[comparisons.loser()[c]]));
        }
        return sum;
    }
}
