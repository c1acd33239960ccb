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
     * The rows' part of a larger mean, {@code sum_n w_n L_n / total}.
     *
     * @param weights [N] finite, at least 0, or null for 1 each; a row of weight 0 counts as removed
     * @param total   what the gradient is divided by: the weights of all parts, above 0
     * @param columns K, of an empty batch too
     */
    public LossValue toLossValue(float[] weights, double total, int columns) {
        if ((weights != null && weights.length != losses.length) || !(total > 0)) {
            throw new IllegalArgumentException("row losses: expected " + losses.length
                    + " weights and a total above 0, got " + (weights == null ? "no" : weights.length) + " weights and "
                    + total);
        }
        double sum = 0;
        double count = 0;
        double[][] gradient = new double[losses.length][columns];
        for (int n = 0; n < losses.length; n++) {
            double weight = weights == null ? 1 : weights[n];
            if (weight == 0) {
                continue;
            }
            count += weight;
            sum += weight * losses[n];
            for (int k = 0; k < columns; k++) {
                gradient[n][k] = weight / total * gradients[n][k];
            }
        }
        return LossValue.of(sum, count, Tensors.floats(gradient, columns));
    }
}
