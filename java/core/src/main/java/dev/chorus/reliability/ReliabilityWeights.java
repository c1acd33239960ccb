package dev.chorus.reliability;

/**
 * Weights of rows by how often the weak model gave the same answer (Guo and Yang, arXiv:2406.19032, reliability re-weighting).
 *
 * <pre>{@code
 * r_a = exp(s_a / T) / sum_{a' given} exp(s_a' / T),    s_a = c_a / n: share of the votes for answer a
 * }</pre>
 *
 * <p>A unanimous question has weight 1 whatever T is; one whose n answers all differ has 1 / n. With one vote the method does
 * nothing.
 *
 * @param temperature T, above 0; 0.2 in the paper for five variants, 1 for two
 */
public record ReliabilityWeights(double temperature) {
    /** Refuses a temperature that is not above 0. */
    public ReliabilityWeights {
        if (!(temperature > 0)) {
            throw new IllegalArgumentException(
                    "reliability weights: expected a temperature above 0, got " + temperature);
        }
    }

    /**
     * The weight of each row of one question: that of its own answer.
     *
     * @return [K]; 0 for a row that is dropped
     */
    public double[] of(VoteShares votes) {
        double[] weights = new double[votes.rowCounts().length];
        int most = 0;
        for (int count : votes.counts()) {
            most = Math.max(most, count);
        }
        double sum = 0;
        for (int count : votes.counts()) {
            sum += scaled(count, most, votes.total());
        }
        for (int row = 0; row < weights.length; row++) {
            int count = votes.rowCounts()[row];
            weights[row] = count == 0 ? 0 : scaled(count, most, votes.total()) / sum;
        }
        return weights;
    }

    /** The exponential relative to the largest: a small temperature does not overflow. */
    private double scaled(int count, int most, int total) {
        return Math.exp((double) (count - most) / total / temperature);
    }
}
