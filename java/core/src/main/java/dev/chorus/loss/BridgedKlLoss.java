package dev.chorus.loss;

import dev.chorus.kernels.TokenLogProb;
import dev.chorus.torch.Tensors;
import org.bytedeco.pytorch.Tensor;

/**
 * The token loss of the naive multi-weak ensemble for generation: KL(t || p) against a soft target that gives the label token
 * the weak model's score s and leaves the rest in the student's own shape (Cui et al., arXiv:2406.03199).
 *
 * <pre>{@code
 * t_l = s,  t_j = p_j (1 - s) / (1 - p_l)
 * KL(t || p) = s ln(s / p_l) + (1 - s) ln((1 - s) / (1 - p_l))
 * dKL/dz = p - t = (s - p_l) / (1 - p_l) * (p - onehot_l)
 * }</pre>
 *
 * <p>So the gradient is the label token's log-probability gradient times a number per row, and one kernel serves it. Where
 * {@code 1 - p_l} is below 1e-6 the factor's denominator is held there.
 */
public final class BridgedKlLoss {
    private static final double LEAST_REST = 1e-6;

    private BridgedKlLoss() {}

    /** Sum of the rows' losses and their gradient, each row with its weight; the caller's weights carry the mean. */
    public static LossValue of(Tensor logits, long[] targets, double[] scores, double[] weights) {
        int m = targets.length;
        Tensor buffer = logits.detach();
        Tensor ids = Tensors.longs(targets, m);
        TokenLogProb.Result forward = TokenLogProb.forward(buffer, ids, null);
        float[] logps = Tensors.toFloats(forward.logps());
        float[] upstream = new float[m];
        double value = 0;
        for (int i = 0; i < m; i++) {
            double p = Math.exp(logps[i]);
            double rest = Math.max(-Math.expm1(logps[i]), LEAST_REST);
            double s = scores[i];
            double kl = (s > 0 ? s * (Math.log(s) - logps[i]) : 0) + (s < 1 ? (1 - s) * Math.log((1 - s) / rest) : 0);
            value += weights[i] * kl;
            upstream[i] = (float) (-weights[i] * (s - p) / rest);
        }
        TokenLogProb.backwardInPlace(buffer, ids, forward.lse(), Tensors.floats(upstream, m), null);
        return new LossValue(value, buffer);
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
