package dev.chorus.aggregate.labelers;

import dev.chorus.aggregate.votes.Votes;

/**
 * Krippendorff's alpha for nominal labels: agreement beyond chance over any number of labelers, abstentions allowed.
 *
 * <pre>{@code
 * alpha = 1 - D_o / D_e
 * D_o = sum_t sum_{c != k} n_tc n_tk / (n_t - 1) / n,    D_e = sum_{c != k} n_c n_k / (n (n - 1))
 * }</pre>
 *
 * <p>Over tasks of at least two votes, n votes in all. Krippendorff 2011, "Computing Krippendorff's alpha-reliability".
 */
public final class Krippendorff {

    private Krippendorff() {}

    /** At most 1 (all agree), 0 for chance; NaN if no task has two votes or only one label occurs. */
    public static double alpha(Votes votes) {
        double[] of = new double[votes.classes()];
        int[] count = new int[votes.classes()];
        double pairable = 0;
        double observed = 0;
        for (int t = 0; t < votes.tasks(); t++) {
            int n = votes.start(t + 1) - votes.start(t);
            if (n < 2) {
                continue;
            }
            double same = 0;
            for (int v = votes.start(t); v < votes.start(t + 1); v++) {
                of[votes.label(v)]++;
                // Adds 1 + 3 + 5 ...: the square of the count in the end.
                same += 2 * count[votes.label(v)]++ + 1;
            }
            for (int v = votes.start(t); v < votes.start(t + 1); v++) {
                count[votes.label(v)] = 0;
            }
            pairable += n;
            observed += ((double) n * n - same) / (n - 1);
        }
        double same = 0;
        for (double n : of) {
            same += n * n;
        }
        double expected = (pairable * pairable - same) / (pairable - 1);
        return expected > 0 ? 1 - observed / expected : Double.NaN;
    }
}
