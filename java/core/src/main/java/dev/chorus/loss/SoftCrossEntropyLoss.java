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
        return of(logits, labels, null, labels.length);
    }

    /**
     * The same with weights, a part of a larger mean.
     *
     * @param weights [B] at least 0, or null for 1 each
     * @param total   what the gradient is divided by: the weights of all parts, above 0
     */
    public static LossValue of(Tensor logits, double[][] labels, float[] weights, double total) {
        Tensor z = logits.detach();
        Tensor y = Tensors.floats(labels, Math.toIntExact(z.size(1)));
        double count = labels.length;
        if (weights != null) {
            // The loss is linear in the label, and a weight of the label's mass is a weight of the row.
            y = y.mul(Tensors.floats(weights, labels.length, 1));
            count = 0;
            for (float weight : weights) {
                count += weight;
            }
        }
        Tensor logp = torch.log_softmax(z, 1);
        double sum = -y.mul(logp).sum().item_double();
        Tensor mass = y.sum(new long[] {1}, true, new org.bytedeco.pytorch.ScalarTypeOptional());
        Tensor gradient = logp.exp().mul(mass).sub(y).mul_(new Scalar(1.0 / total));
        return LossValue.of(sum, count, gradient);
    }
}
