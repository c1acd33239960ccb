package dev.chorus.kernels;

import dev.chorus.torch.Tensors;
import org.bytedeco.pytorch.Tensor;

/**
 * Log-probabilities under a language model's head, from hidden states, without ever holding the [N, V] logits.
 *
 * <pre>{@code
 * z_n     = head(h_n),   p = softmax(z)
 * logps_n = sum_v t_nv ln p_nv               t: one token, some tokens and a rest, or a distribution (HeadTarget)
 * kl_n    = sum_v t_nv ln(t_nv / p_nv)
 *
 * gradient of sum_n w_n dlogps_n logps_n:    dz_nv = w_n dlogps_n (t_nv - p_nv sum_v t_nv)
 * }</pre>
 *
 * <p>Every loss of a language model stands on it: cross-entropy is {@code -logps}, KL against soft labels is {@code kl} (its
 * gradient is that of {@code -logps}, as t is held constant), a sequence's log-probability is a sum of logps.
 *
 * <p>Rows of weight 0 (prompts, padding) are dropped before the products. The others go through in chunks: a matrix product,
 * one pass of a kernel over its rows, and two products for the gradients, each chunk as large as the byte budget allows. The
 * chunking changes results only by the rounding of the products and the order in which gradients of the weight are added. After Liger Kernel's
 * fused linear losses (arXiv:2410.10989, section 3.2), with gradients accumulated in f32.
 *
 * <p>With bf16 hidden states and weight the products are LibTorch's of bf16 (oneDNN, which uses AMX where there is one): a
 * logit is rounded to bf16, sums inside a product are f32. On a GPU they are cuBLAS's, which may split a long sum and add the parts in
 * bf16 unless LibTorch is told otherwise ({@code torch.globalContext().setAllowBF16ReductionCuBLAS}); the weight's gradient is
 * added in f32 always. The rows are computed as {@link TokenLogProb} says.
 */
public final class LinearLogProb {
    /** Bytes that a call may allocate beside its results. */
    public static final long DEFAULT_BUDGET = 256L << 20;

    private LinearLogProb() {}

    /**
     * What each row gives, all [N] f32, all but the last in nats; 0 for rows of weight 0. The caller owns them.
     *
     * @param logps   expected log-probability of the target, at most 0; not multiplied by the weight
     * @param kl      KL divergence of the head's distribution from the target
     * @param lse     log-sum-exp of the row
     * @param entropy of the row's distribution, in [0, ln V]
     * @param top1    the largest probability of the row, {@code max_v p_v}; how sure the model is of its first choice
     */
    public record Result(Tensor logps, Tensor kl, Tensor lse, Tensor entropy, Tensor top1) {}

    /**
     * Results and gradients of one pass.
     *
     * @param result  as of {@link LinearLogProb#forward}
     * @param dhidden [N, C] in the dtype of the hidden states; rows of weight 0 are 0
     */
    public record Gradients(Result result, Tensor dhidden) {}

    /**
     * Log-probabilities, forward only.
     *
     * @param hidden  h [N, C], f32 or bf16, or f16 on a GPU, where all other tensors then are
     * @param head    its weight has hidden's dtype
     * @param target  of N rows
     * @param weights [N] f32, finite and at least 0, or null for 1; only zeros matter here
     * @param budget  bytes that may be allocated beside the results; {@link #DEFAULT_BUDGET} if there is no reason for another
     * @return new tensors, attached to the caller's {@code PointerScope}
     * @throws IllegalArgumentException if a shape, dtype or device is not as above, or one row does not fit into the budget
     * @throws KernelException          if a row's logits hold NaN or +infinity or its target is not as {@link HeadTarget} says;
     *                                  names the row
     */
    public static Result forward(Tensor hidden, LanguageHead head, HeadTarget target, Tensor weights, long budget) {
        try (Tensors.GradientMode mode = Tensors.withoutGradients()) {
            LogProbStep step = new LogProbStep(hidden, head, target, weights, null);
            return result(new HeadChunks(hidden, head, weights, step, false, budget).forward());
        }
    }

    /**
     * Log-probabilities and, in the same pass over the logits, the gradients of {@code sum_n w_n dlogps_n logps_n}: three matrix
     * products in all. Where dlogps itself depends on logps (as in DPO), call {@link #forward} first; the logits are then
     * computed twice.
     *
     * <p>Autograd is not told: give the result's {@link Gradients#dhidden} to the hidden states' own {@code backward}.
     *
     * @param dlogps       [N] f32, finite: gradient of the loss with respect to {@code w_n logps_n}
     * @param accumulators gradients are added here; null if the head is not trained (two products then). After an exception
     *                     they hold nothing of use
     * @param hidden       as in {@link #forward}, and so are the others
     * @return new tensors, attached to the caller's {@code PointerScope}
     * @throws IllegalArgumentException as {@link #forward}
     * @throws KernelException          as {@link #forward}, or if dlogps is not finite
     */
    public static Gradients forwardBackward(
            Tensor hidden,
            LanguageHead head,
            HeadTarget target,
            Tensor weights,
            Tensor dlogps,
            HeadGradients accumulators,
            long budget) {
        try (Tensors.GradientMode mode = Tensors.withoutGradients()) {
            if (dlogps == null) {
                throw new IllegalArgumentException("dlogps: expected a tensor, got null");
            }
            LogProbStep step = new LogProbStep(hidden, head, target, weights, dlogps);
            HeadChunks chunks = new HeadChunks(hidden, head, weights, step, true, budget);
            Tensor dhidden = chunks.emptyHiddenGradient();
            return new Gradients(result(chunks.forwardBackward(dhidden, accumulators)), dhidden);
        }
    }

    private static Result result(Tensor rows) {
        return new Result(
                rows.select(0, 0), rows.select(0, 1), rows.select(0, 2), rows.select(0, 3), rows.select(0, 4));
    }
}
