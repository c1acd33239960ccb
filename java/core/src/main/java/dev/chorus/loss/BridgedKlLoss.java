package dev.chorus.loss;

import dev.chorus.kernels.HeadGradients;
import dev.chorus.kernels.HeadTarget;
import dev.chorus.kernels.LanguageHead;
import dev.chorus.kernels.LinearLogProb;
import dev.chorus.torch.Tensors;
import org.bytedeco.pytorch.Tensor;

/**
 * The token loss of the naive multi-weak ensemble for generation: KL(t || p) against a soft target that gives the label token
 * the weak model's score s and leaves the rest in the student's own shape (Cui et al., arXiv:2406.03199).
 *
 * <pre>{@code
 * t_l = s,  t_j = p_j (1 - s) / (1 - p_l)
 * KL(t || p) = s ln(s / p_l) + (1 - s) ln((1 - s) / (1 - p_l))
 * dKL/dz = p - t
 * }</pre>
 *
 * <p>Where {@code 1 - p_l} is below 1e-6 there is no shape left to keep, and the rest of the target is spread evenly
 * ({@link HeadTarget.Named}): a student that is certain of what a weak model doubts is pulled back.
 */
public final class BridgedKlLoss {
    private BridgedKlLoss() {}

    /**
     * Sum of the rows' losses in nats, each times its weight, and the gradient of the hidden states; the caller's weights carry the
     * mean. The logits are never held.
     *
     * @param hidden  [M, C] in the head's dtype
     * @param head    of V tokens
     * @param into    where the head's gradients are added; null if it is not trained
     * @param targets [M] the label tokens l
     * @param scores  [M] s in [0, 1]
     * @param weights [M] finite; of the whole step they sum to 1
     * @throws IllegalArgumentException               if a shape or dtype is not as above
     * @throws dev.chorus.kernels.KernelException if a row's logits hold NaN or +infinity, its target is outside the vocabulary, or
     *                                                its score outside [0, 1]; names the row
     */
    public static LossValue of(
            Tensor hidden, LanguageHead head, HeadGradients into, long[] targets, double[] scores, double[] weights) {
        int m = targets.length;
        float[] probabilities = new float[m];
        float[] upstream = new float[m];
        for (int i = 0; i < m; i++) {
            probabilities[i] = (float) scores[i];
            // The gradient of the KL is that of -logps.
            upstream[i] = (float) -weights[i];
        }
        LinearLogProb.Gradients gradients = LinearLogProb.forwardBackward(
                hidden,
                head,
                new HeadTarget.Named(Tensors.longs(targets, m, 1), Tensors.floats(probabilities, m, 1)),
                null,
                Tensors.floats(upstream, m),
                into,
                LinearLogProb.DEFAULT_BUDGET);
        float[] kl = Tensors.toFloats(gradients.result().kl());
        double value = 0;
        for (int i = 0; i < m; i++) {
            value += weights[i] * kl[i];
        }
        return LossValue.of(value, 1, gradients.dhidden());
    }

    /**
     * The strong model's top-1 probability of every row, which the word bridge shares scores by.
     *
     * @param logits [M, V]
     */
    public static double[] top1(Tensor logits) {
        Tensor detached = logits.detach();
        float[] values = Tensors.toFloats(
                detached.amax(new long[] {1}, false).sub(detached.logsumexp(1)).exp());
        double[] out = new double[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = values[i];
        }
        return out;
    }
}
