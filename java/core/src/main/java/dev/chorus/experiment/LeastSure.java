package dev.chorus.experiment;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Which items the weak models disagree about most. */
final class LeastSure {
    private static final int SHOWN = 20;

    private LeastSure() {}

    /**
     * Highest entropy first; among equals the least likely, then the earlier.
     *
     * @param entropy  [N] nats
     * @param meanLogp [N] how likely the labels are to their own models, nats; zeros where that is not known
     * @return indexes
     */
    static List<Integer> of(double[] entropy, double[] meanLogp) {
        return IntStream.range(0, entropy.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer n) -> -entropy[n])
                        .thenComparingDouble(n -> meanLogp[n])
                        .thenComparingInt(n -> n))
                .limit(SHOWN)
                .toList();
    }
}
