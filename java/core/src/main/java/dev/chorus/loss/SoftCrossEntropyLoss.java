package dev.chorus.loss;

import dev.chorus.torch.Tensors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Cross-entropy against soft class labels: the naive multi-weak loss for classification (Cui et al., arXiv:2406.03199).
 *
 * <pre>{@code
 * L = mean_b sum_k y_bk (-ln p_bk)        dL/dz_b = (p_b sum_k y_bk - y_b) / B
 * }</pre>
 *
 * <p>It is linear in y, so the weighted sum over weak models equals the loss on their weighted mean label.
 */
public final class SoftCrossEntropyLoss {
    private SoftCrossEntropyLoss() {}

    /**
     * Value and gradient.
     *
     * @param logits [B, K] float32
     * @param labels [B][K] at least 0; rows usually sum to 1
     */
    public static LossValue of(Tensor logits, double[][] labels) {
        Tensor z = logits.detach();
        Tensor y = Tensors.floats(labels, Math.toIntExact(z.size(1)));
        Tensor logp = torch.log_softmax(z, 1);
        double value = -y.mul(logp).sum().item_double() / labels.length;
        Tensor mass = y.sum(new long[] {1}, true, new org.bytedeco.pytorch.ScalarTypeOptional());
        Tensor gradient = logp.exp().mul(mass).sub(y).mul_(new Scalar(1.0 / labels.length));
        return new LossValue(value, gradient);
    }
}
