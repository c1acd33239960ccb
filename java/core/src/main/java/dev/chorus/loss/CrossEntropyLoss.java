package dev.chorus.loss;

import dev.chorus.kernels.HeadGradients;
import dev.chorus.kernels.HeadTarget;
import dev.chorus.kernels.LanguageHead;
import dev.chorus.kernels.LinearLogProb;
import dev.chorus.kernels.TokenLogProb;
import dev.chorus.torch.Tensors;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Next-token cross-entropy on hard targets: the weighted mean of {@code -log p(target)}.
 *
 * <pre>{@code
 * L = sum_m w_m (-logp_m) / sum_m w_m        dL/dz_m = w_m (softmax(z_m) - onehot) / sum_m w_m
 * }</pre>
 */
public final class CrossEntropyLoss {
    private CrossEntropyLoss() {}

    /**
     * Value and gradient.
     *
     * @param logits  [M, V] float32; their detached buffer becomes the gradient
     * @param targets [M] token ids
     * @param weights [M] at least 0, or null for 1 each; a row of weight 0 counts as removed
     */
    public static LossValue of(Tensor logits, long[] targets, float[] weights) {
        int m = targets.length;
        double total = total(m, weights);
        Tensor buffer = logits.detach();
        if (total == 0) {
            return LossValue.of(0, 0, buffer.zero_());
        }
        Tensor ids = Tensors.longs(targets, m);
        Tensor rowWeights = weights == null ? null : Tensors.floats(weights, m);
        TokenLogProb.Result forward = TokenLogProb.forward(buffer, ids, rowWeights);
        float[] logps = Tensors.toFloats(forward.logps());
        double sum = sum(logps, weights);
        float[] upstream = new float[m];
        Arrays.fill(upstream, (float) (-1 / total));
        TokenLogProb.backwardInPlace(buffer, ids, forward.lse(), Tensors.floats(upstream, m), rowWeights);
        return LossValue.of(sum, total, buffer);
    }

    /**
     * The same from hidden states, without holding the logits; the gradient is that of the hidden states.
     *
     * @param hidden  [M, C] float32
     * @param head    of V tokens
     * @param into    where the head's gradients are added
     * @param targets [M] token ids
     * @param weights [M] at least 0, or null for 1 each; a row of weight 0 counts as removed
     */
    public static LossValue ofHidden(
            Tensor hidden, LanguageHead head, HeadGradients into, long[] targets, float[] weights) {
        double total = total(targets.length, weights);
        return total == 0
                ? LossValue.of(0, 0, torch.zeros_like(hidden))
                : ofHidden(hidden, head, into, targets, weights, total);
    }

    /**
     * The same, a part of a larger mean.
     *
     * @param total what the gradient is divided by: the weights of all parts, above 0
     */
    public static LossValue ofHidden(
            Tensor hidden, LanguageHead head, HeadGradients into, long[] targets, float[] weights, double total) {
        int m = targets.length;
        float[] upstream = new float[m];
        Arrays.fill(upstream, (float) (-1 / total));
        LinearLogProb.Gradients gradients = LinearLogProb.forwardBackward(
                hidden,
                head,
                new HeadTarget.Token(Tensors.longs(targets, m)),
                weights == null ? null : Tensors.floats(weights, m),
                Tensors.floats(upstream, m),
                into,
                LinearLogProb.DEFAULT_BUDGET);
        return LossValue.of(
                sum(Tensors.toFloats(gradients.result().logps()), weights), total(m, weights), gradients.dhidden());
    }

    private static double total(int m, float[] weights) {
        double total = 0;
        for (int i = 0; i < m; i++) {
            total += weights == null ? 1 : weights[i];
        }
        return total;
    }

    private static double sum(float[] logps, float[] weights) {
        double sum = 0;
        for (int i = 0; i < logps.length; i++) {
            sum -= (weights == null ? 1 : weights[i]) * (double) logps[i];
        }
        return sum;
    }
}
