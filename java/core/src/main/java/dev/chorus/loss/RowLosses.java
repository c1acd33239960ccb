package dev.chorus.loss;

import dev.chorus.torch.Tensors;
import java.util.Arrays;

/**
 * Losses of N rows, each with its own gradient, before they are weighted and averaged.
 *
 * @param losses    [N] nats
 * @param gradients [N][K] derivative of row n's loss by row n's logits; what a loss holds constant (targets, thresholds) is
 *                  held constant here
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record RowLosses(double[] losses, double[][] gradients) {
    /** Mean over the rows, nats; 0 for none. */
    public double mean() {
        return losses.length == 0 ? 0 : Arrays.stream(losses).sum() / losses.length;
    }

    /**
     * Value and gradient of the mean over the rows.
     *
     * @param columns K, of an empty batch too
     */
    public LossValue toMean(int columns) {
        double[] ones = new double[losses.length];
        Arrays.fill(ones, 1);
        return toWeighted(ones, Math.max(1, losses.length), columns);
    }

    /**
     * Value and gradient of {@code sum_n w_n L_n / divisor}; 0 where all weights are.
     *
     * @param weights [N] finite, at least 0
     * @param divisor above 0
     * @param columns K, of an empty batch too
     */
    public LossValue toWeighted(double[] weights, double divisor, int columns) {
        if (weights.length != losses.length || !(divisor > 0)) {
            throw new IllegalArgumentException("row losses: expected " + losses.length
                    + " weights and a divisor above 0, got " + weights.length + " and " + divisor);
        }
        double value = 0;
        double[][] gradient = new double[losses.length][columns];
        for (int n = 0; n < losses.length; n++) {
            double factor = weights[n] / divisor;
            if (factor == 0) {
                continue;
            }
            value += factor * losses[n];
            for (int k = 0; k < columns; k++) {
                gradient[n][k] = factor * gradients[n][k];
            }
        }
        return new LossValue(value, Tensors.floats(gradient, columns));
    }
}
