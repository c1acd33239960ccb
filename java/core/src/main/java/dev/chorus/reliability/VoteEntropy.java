package dev.chorus.reliability;

/**
 * Entropy of the answers that a weak model gave to the variants of one question: how far it disagrees with itself (Guo and
 * Yang, arXiv:2406.19032).
 *
 * <pre>{@code
 * H = -sum_a (c_a / n) ln(c_a / n)        c_a votes for answer a, n votes in all
 * }</pre>
 */
public final class VoteEntropy {
    private VoteEntropy() {}

    /**
     * Entropy of a question's votes.
     *
     * @return nats, 0 (all agree; one vote) to ln n (all differ); NaN if no vote counts
     */
    public static double of(VoteShares votes) {
        if (votes.total() == 0) {
            return Double.NaN;
        }
        double entropy = 0;
        for (int count : votes.counts()) {
            double share = (double) count / votes.total();
            entropy -= share * Math.log(share);
        }
        // A unanimous vote gives -0.0.
        return Math.max(0, entropy);
    }
}
