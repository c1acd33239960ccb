package dev.chorus.loss;

import dev.chorus.torch.Tensors;
import org.bytedeco.pytorch.Tensor;

/**
 * A loss of class logits against soft labels. Classes are few, so the arithmetic is in double on plain rows, and a test needs
 * no native library.
 */
@FunctionalInterface
public interface SoftLabelLoss {
    /**
     * Each row's loss and gradient.
     *
     * @param logits [B][K] finite
     * @param labels [B][K] at least 0; rows sum to 1
     * @param at     where training stands; a loss without a warm-up does not look at it
     * @throws IllegalArgumentException if shapes disagree or a value is outside its range; names the row
     */
    RowLosses of(double[][] logits, double[][] labels, TrainingPoint at);

    /**
     * Value and gradient of a tensor's rows, a part of a larger mean.
     *
     * @param logits  [B, K] float32 on the CPU; not modified
     * @param labels  [B][K] at least 0; rows sum to 1
     * @param weights [B] at least 0, or null for 1 each
     * @param total   what the gradient is divided by: the weights of all parts, above 0
     * @param at      where training stands
     */
    default LossValue of(Tensor logits, double[][] labels, float[] weights, double total, TrainingPoint at) {
        return of(Tensors.toRows(logits), labels, at).toLossValue(weights, total, Math.toIntExact(logits.size(1)));
    }
}
