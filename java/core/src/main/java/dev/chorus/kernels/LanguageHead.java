package dev.chorus.kernels;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The last layer of a language model: from hidden states h [N, C] to logits over V tokens.
 *
 * <pre>{@code
 * u = scale (h W^T + bias),   z = softCap tanh(u / softCap)     (z = u without a cap)
 * }</pre>
 *
 * <p>The scale is Cohere's logit scale, the cap is Gemma 2's (arXiv:2408.00118, section 2).
 *
 * @param weight  W [V, C], f32 or bf16, rows dense; not modified
 * @param bias    [V] f32, or null for none
 * @param scale   finite and not 0; 1 for none
 * @param softCap finite and above 0, or 0 for none
 */
public record LanguageHead(Tensor weight, Tensor bias, double scale, double softCap) {
    /** Refuses a scale or a cap out of range. */
    public LanguageHead {
        if (!Double.isFinite(scale) || scale == 0) {
            throw new IllegalArgumentException("scale: expected a finite number other than 0, got " + scale);
        }
        if (!Double.isFinite(softCap) || softCap < 0) {
            throw new IllegalArgumentException("softCap: expected a finite number of at least 0, got " + softCap);
        }
    }

    /** A head that is a weight and nothing else. */
    public static LanguageHead of(Tensor weight) {
        return new LanguageHead(weight, null, 1, 0);
    }

    /** The logits [M, V], f32, of hidden states [M, C], by LibTorch's own operators. */
    public Tensor logits(Tensor hidden) {
        Tensor u = torch.linear(hidden, weight).to(ScalarType.Float);
        if (bias != null) {
            u = u.add(bias);
        }
        if (scale != 1) {
            u = u.mul(new Scalar(scale));
        }
        return softCap > 0 ? u.div(new Scalar(softCap)).tanh().mul(new Scalar(softCap)) : u;
    }
}
