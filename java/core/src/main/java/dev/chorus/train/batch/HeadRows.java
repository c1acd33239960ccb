package dev.chorus.train.batch;

import dev.chorus.kernels.HeadGradients;
import dev.chorus.kernels.LanguageHead;
import org.bytedeco.pytorch.Tensor;

/**
 * The states before the completion tokens of a micro-batch, with the head that they go through: what a loss on tokens is
 * computed from.
 *
 * @param batch    what was read
 * @param hidden   [M, C] in the decoder's precision, cut off from autograd
 * @param head     of V tokens
 * @param into     where the head's gradients are added; null if it is not trained
 * @param targets  [M] the token after each state
 * @param sequence [M] which of the batch's sequences it belongs to
 * @param total    what the loss is divided by: {@link TokenRows#count} summed over the whole step, above 0
 */
public record HeadRows(
        TokenRows batch,
        Tensor hidden,
        LanguageHead head,
        HeadGradients into,
        long[] targets,
        int[] sequence,
        double total) {
    /** M. */
    public int count() {
        return targets.length;
    }

    /** [M] the weight of every row's sequence; null for 1 each. */
    public float[] weights() {
        if (batch.weights() == null) {
            return null;
        }
        float[] weights = new float[targets.length];
        for (int m = 0; m < weights.length; m++) {
            weights[m] = batch.weights()[sequence[m]];
        }
        return weights;
    }
}
