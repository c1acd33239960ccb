package dev.chorus.probe;

import java.util.Comparator;
import java.util.stream.IntStream;

/** Drops the points whose weak label is furthest from what a probe says (EleutherAI/w2s). */
public final class ProbeFilter {
    /** Share of the points that the original drops. */
    public static final double DEFAULT_SHARE = 0.1;

    private ProbeFilter() {}

    /**
     * The points to train on.
     *
     * @param predicted [N] of a probe
     * @param labels    [N] weak labels
     * @param share     of the points to drop, 0 to 1, rounded down
     * @return indices of the points that stay, in order; on ties the earlier one stays
     */
    public static int[] keep(double[] predicted, double[] labels, double share) {
        if (predicted.length != labels.length) {
            throw new IllegalArgumentException("probe filter: expected a label for each of " + predicted.length
                    + " predictions, got " + labels.length);
        }
        return withoutFurthest(predicted, labels, count(share, labels.length, false));
    }

    static int count(double share, int points, boolean round) {
        if (!(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException("probe filter: expected a share in [0, 1], got " + share);
        }
        return (int) (round ? Math.rint(share * points) : share * points);
    }

    static int[] withoutFurthest(double[] predicted, double[] labels, int drop) {
        return IntStream.range(0, labels.length)
                .boxed()
                .sorted(Comparator.comparingDouble(n -> Math.abs(predicted[n] - labels[n])))
                .limit(Math.max(0, labels.length - drop))
                .mapToInt(Integer::intValue)
                .sorted()
                .toArray();
    }
}
