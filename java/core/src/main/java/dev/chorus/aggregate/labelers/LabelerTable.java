package dev.chorus.aggregate.labelers;

import dev.chorus.aggregate.Posteriors;
import dev.chorus.aggregate.votes.Votes;
import java.util.HashMap;
import java.util.Map;

/**
 * How much each labeler votes, and how it gets on with the others and with the result.
 *
 * @param votes     [W] number of votes
 * @param coverage  [W] share of the tasks that it voted on
 * @param overlap   [W] share of the tasks that it and another voted on
 * @param conflict  [W] share of the tasks on which another said something else
 * @param agreement [W] share of its votes that are the result's label; NaN without a vote
 * @param kappa     [W] Cohen's kappa of its votes with the result's labels; NaN where undefined
 */
public record LabelerTable(
        int[] votes, double[] coverage, double[] overlap, double[] conflict, double[] agreement, double[] kappa) {

    /** The table of a result. */
    public static LabelerTable of(Votes votes, Posteriors posteriors) {
        int workers = votes.workers();
        double tasks = votes.tasks();
        int[] given = votes.votesOfWorkers();
        double[] overlap = new double[workers];
        double[] conflict = new double[workers];
        double[] agreement = new double[workers];
        for (int t = 0; t < votes.tasks(); t++) {
            int label = posteriors.label(t);
            int from = votes.start(t);
            int to = votes.start(t + 1);
            boolean split = false;
            for (int v = from + 1; v < to; v++) {
                split |= votes.label(v) != votes.label(from);
            }
            for (int v = from; v < to; v++) {
                int w = votes.worker(v);
                agreement[w] += votes.label(v) == label ? 1 : 0;
                overlap[w] += to - from > 1 ? 1 : 0;
                // If the task's votes differ at all, some other vote differs from this one.
                conflict[w] += split ? 1 : 0;
            }
        }
        double[] coverage = new double[workers];
        double[] chance = chance(votes, posteriors, given);
        double[] kappa = new double[workers];
        for (int w = 0; w < workers; w++) {
            coverage[w] = given[w] / tasks;
            overlap[w] /= tasks;
            conflict[w] /= tasks;
            agreement[w] /= given[w];
            kappa[w] = (agreement[w] - chance[w]) / (1 - chance[w]);
        }
        return new LabelerTable(given, coverage, overlap, conflict, agreement, kappa);
    }

    /** Agreement by chance: the sum over classes of the labeler's share times the result's share on its tasks. */
    private static double[] chance(Votes votes, Posteriors posteriors, int[] given) {
        if ((long) votes.workers() * votes.classes() <= 1 << 24) {
            return chanceByTable(votes, posteriors, given);
        }
        Map<Long, int[]> counts = new HashMap<>();
        for (int t = 0; t < votes.tasks(); t++) {
            int label = posteriors.label(t);
            for (int v = votes.start(t); v < votes.start(t + 1); v++) {
                long row = (long) votes.worker(v) * votes.classes();
                counts.computeIfAbsent(row + votes.label(v), key -> new int[2])[0]++;
                counts.computeIfAbsent(row + label, key -> new int[2])[1]++;
            }
        }
        double[] chance = new double[votes.workers()];
        counts.forEach((key, pair) -> {
            int w = (int) (key / votes.classes());
            chance[w] += (double) pair[0] * pair[1] / ((double) given[w] * given[w]);
        });
        return chance;
    }

    private static double[] chanceByTable(Votes votes, Posteriors posteriors, int[] given) {
        int classes = votes.classes();
        int[] own = new int[votes.workers() * classes];
        int[] results = new int[own.length];
        for (int t = 0; t < votes.tasks(); t++) {
            int label = posteriors.label(t);
            for (int v = votes.start(t); v < votes.start(t + 1); v++) {
                own[votes.worker(v) * classes + votes.label(v)]++;
                results[votes.worker(v) * classes + label]++;
            }
        }
        double[] chance = new double[votes.workers()];
        for (int i = 0; i < own.length; i++) {
            int w = i / classes;
            chance[w] += own[i] == 0 ? 0 : (double) own[i] * results[i] / ((double) given[w] * given[w]);
        }
        return chance;
    }
}
