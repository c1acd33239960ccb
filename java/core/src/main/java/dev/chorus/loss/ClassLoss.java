package dev.chorus.loss;

import dev.chorus.torch.Tensors;
import org.bytedeco.pytorch.Tensor;

/**
 * A loss of class logits against soft labels. Classes are few, so the arithmetic is in double on plain rows, and a test needs
 * no native library.
 */
@FunctionalInterface
public interface ClassLoss {
    /**
     * Each row's loss and gradient.
     *
     * @param logits [B][K] finite
     * @param labels [B][K] at least 0; rows sum to 1
     * @param at     where training stands; a loss without a warm-up does not look at it
     * @throws IllegalArgumentException if shapes disagree or a value is outside its range; names the row
     */
    RowLosses of(double[][] logits, double[][] labels, Progress at);

    /**
     * The mean over the rows of a tensor.
     *
     * @param logits [B, K] float32 on the CPU; not modified
     * @param labels [B][K] at least 0; rows sum to 1
     * @param at     where training stands
     */
    default LossValue of(Tensor logits, double[][] labels, Progress at) {
        return of(Tensors.toRows(logits), labels, at).toMean(Math.toIntExact(logits.size(1)));
    }
}
