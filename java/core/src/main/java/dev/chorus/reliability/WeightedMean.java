package dev.chorus.reliability;

/**
 * What a weighted loss over the answer tokens of a batch is divided by (Guo and Yang, arXiv:2406.19032).
 *
 * <pre>{@code
 * L = sum_b r_b sum_t CE_bt / divisor        t over the answer tokens of row b
 * }</pre>
 */
public enum WeightedMean {
    /**
     * All positions of the padded batch, prompts and padding too, as in the original code: steps shrink with the length of
     * the prompts.
     */
    ALL_POSITIONS,
    /** The answer tokens. */
    TOKENS,
    /** The answer tokens, each times its row's weight: weights that are all alike change nothing. */
    WEIGHTS;

    /**
     * The divisor of a batch.
     *
     * @param tokens    [B] answer tokens of each row
     * @param positions of a row of the padded batch after the shift by one; only {@link #ALL_POSITIONS} looks at it
     * @param weights   [B] at least 0
     * @return at least 0; where it is 0 the loss is 0
     */
    public double divisor(int[] tokens, int positions, double[] weights) {
        if (tokens.length != weights.length) {
            throw new IllegalArgumentException(
                    "weighted mean: expected " + tokens.length + " weights, one a row, got " + weights.length);
        }
        double sum = 0;
        for (int b = 0; b < tokens.length; b++) {
            sum += switch (this) {
                case ALL_POSITIONS -> positions;
                case TOKENS -> tokens[b];
                case WEIGHTS -> weights[b] * tokens[b];
            };
        }
        return sum;
    }

    /**
     * The loss of a batch.
     *
     * @param losses    [B] sums of the cross-entropy over each row's answer tokens, nats
     * @param tokens    [B] answer tokens of each row
     * @param positions as in {@link #divisor}
     * @param weights   [B] at least 0
     * @return nats; 0 if no token counts
     */
    public double of(double[] losses, int[] tokens, int positions, double[] weights) {
        double divisor = divisor(tokens, positions, weights);
        double sum = 0;
        for (int b = 0; b < losses.length; b++) {
            sum += weights[b] * losses[b];
        }
        return divisor == 0 ? 0 : sum / divisor;
    }
}
