package dev.chorus.aggregate;

import dev.chorus.math.Argmax;
import java.util.Arrays;
import java.util.Optional;

/**
 * Majority vote: a class's share is the weight of the labelers that chose it.
 *
 * <pre>{@code
 * share_k = sum_w omega_w [vote_w = k] / sum_w omega_w [vote_w given]
 * }</pre>
 *
 * <p>Ties go to the lowest label id, so that the answer does not depend on the order of the labelers. If every labeler
 * that voted has weight 0 the shares are uniform over all classes.
 */
public final class MajorityVote {

    /** The vote of a labeler that gave no answer. */
    public static final int MISSING = -1;

    private static final String NAME = "majority vote";

    private MajorityVote() {}

    /**
     * Shares of one item, all labelers alike.
     *
     * @param votes   [W] label ids in 0 to K - 1, or {@link #MISSING}
     * @param classes K, at least 1
     * @return [K], sums to 1; empty if no labeler voted
     * @throws IllegalArgumentException if a vote is out of range or {@code classes} is below 1
     */
    public static Optional<double[]> shares(int[] votes, int classes) {
        double[] ones = new double[votes.length];
        Arrays.fill(ones, 1);
        return shares(votes, ones, classes);
    }

    /**
     * Shares of one item, weighted.
     *
     * @param votes   [W] label ids in 0 to K - 1, or {@link #MISSING}
     * @param weights [W], at least 0; need not sum to 1
     * @param classes K, at least 1
     * @return [K], sums to 1; empty if no labeler voted
     * @throws IllegalArgumentException if a vote or weight is out of range, the lengths differ, or {@code classes} is
     *     below 1
     */
    public static Optional<double[]> shares(int[] votes, double[] weights, int classes) {
        HardVotes.check(NAME, votes, classes);
        LabelerWeights.requireNonNegative(NAME, weights, votes.length);
        double[] shares = new double[classes];
        double total = 0;
        boolean voted = false;
        for (int w = 0; w < votes.length; w++) {
            if (votes[w] != MISSING) {
                shares[votes[w]] += weights[w];
                total += weights[w];
                voted = true;
            }
        }
        if (!voted) {
            return Optional.empty();
        }
        for (int k = 0; k < classes; k++) {
            shares[k] = total == 0 ? 1.0 / classes : shares[k] / total;
        }
        return Optional.of(shares);
    }

    /**
     * Winners of many items, all labelers alike.
     *
     * @param votes   [N][W] label ids in 0 to K - 1, or {@link #MISSING}
     * @param classes K, at least 1
     * @return [N] label ids; {@link #MISSING} where no labeler voted
     * @throws IllegalArgumentException if a vote is out of range or {@code classes} is below 1
     */
    public static int[] labels(int[][] votes, int classes) {
        return Arrays.stream(votes)
                .mapToInt(item -> label(shares(item, classes)))
                .toArray();
    }

    /**
     * Winners of many items, weighted.
     *
     * @param votes   [N][W] label ids in 0 to K - 1, or {@link #MISSING}
     * @param weights [W], at least 0
     * @param classes K, at least 1
     * @return [N] label ids; {@link #MISSING} where no labeler voted
     * @throws IllegalArgumentException if a vote or weight is out of range, lengths differ, or {@code classes} is below
     *     1
     */
    public static int[] labels(int[][] votes, double[] weights, int classes) {
        return Arrays.stream(votes)
                .mapToInt(item -> label(shares(item, weights, classes)))
                .toArray();
    }

    /**
     * How often each labeler agrees with the given labels.
     *
     * @param votes  [N][W] label ids, or {@link #MISSING}
     * @param labels [N] label ids, or {@link #MISSING} for items that do not count
     * @return [W], 0 to 1; NaN for a labeler without a vote that counts
     * @throws IllegalArgumentException if the lengths differ
     */
    public static double[] agreement(int[][] votes, int[] labels) {
        if (votes.length != labels.length) {
            throw new IllegalArgumentException(
                    NAME + ": expected one label for each of the " + votes.length + " items, got " + labels.length);
        }
        int labelers = votes.length == 0 ? 0 : votes[0].length;
        double[] agreed = new double[labelers];
        int[] counted = new int[labelers];
        for (int n = 0; n < votes.length; n++) {
            if (votes[n].length != labelers) {
                throw new IllegalArgumentException(NAME + ": expected votes of " + labelers
                        + " labelers for every item, got " + votes[n].length + " for item " + n);
            }
            for (int w = 0; w < labelers; w++) {
                if (votes[n][w] != MISSING && labels[n] != MISSING) {
                    counted[w]++;
                    agreed[w] += votes[n][w] == labels[n] ? 1 : 0;
                }
            }
        }
        for (int w = 0; w < labelers; w++) {
            agreed[w] /= counted[w];
        }
        return agreed;
    }

    private static int label(Optional<double[]> shares) {
        return shares.map(Argmax::of).orElse(MISSING);
    }
}
