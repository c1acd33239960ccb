package dev.chorus.kernels;

import dev.chorus.bindings.ChorusCudaNative;
import dev.chorus.bindings.ChorusNative;
import dev.chorus.bindings.ChorusNative.chorus_token_logprob_backward_args;
import dev.chorus.bindings.ChorusNative.chorus_token_logprob_forward_args;
import dev.chorus.kernels.KernelArguments.LogitType;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.Tensor;

/**
 * Log-probability of one target token a row, with the row's log-sum-exp and entropy.
 *
 * <pre>{@code
 * lse_n     = ln sum_v e^z_nv
 * logps_n   = z_nt - lse_n                                          t = targets_n
 * entropy_n = -sum_v p_nv ln p_nv,   p = softmax(z)
 *
 * dlogits_nv = w_n dlogps_n (1[v = t] - p_nv)
 * }</pre>
 *
 * <p>Rows are tokens: N of all sequences of a batch, without padding. Logits are [N, V] f32 or bf16, or f16 on a GPU, where all other
 * tensors then are; rows are dense
 * but may lie apart (a column slice). A logit of -infinity is a masked entry of probability 0. Exponentials of elements are
 * computed in f32 and summed in double, which leaves lse and logps an error below 3e-7 besides their rounding to f32; bf16
 * logits are widened first and lose nothing more.
 *
 * <p>A row of weight 0 is not looked at: its logits, target and gradient may hold anything, and its results are 0.
 */
public final class TokenLogProb {
    private static final Arguments<chorus_token_logprob_forward_args> FORWARD =
            new Arguments<>(chorus_token_logprob_forward_args::new);
    private static final Arguments<chorus_token_logprob_backward_args> BACKWARD =
            new Arguments<>(chorus_token_logprob_backward_args::new);

    private TokenLogProb() {}

    /**
     * Forward results, each [N] f32, in nats; the caller owns them.
     *
     * @param logps   log-probability of the target, at most 0; not multiplied by the weight
     * @param lse     log-sum-exp of the row, which the backward needs
     * @param entropy of the row's distribution, in [0, ln V]
     */
    public record Result(Tensor logps, Tensor lse, Tensor entropy) {}

    /**
     * Computes log-probabilities; no argument is modified.
     *
     * @param logits  [N, V] f32 or bf16 (f16), V at least 1, rows may be strided
     * @param targets [N] int64 in [0, V)
     * @param weights [N] f32, finite and at least 0, or null for 1; only zeros matter here
     * @return new tensors, attached to the caller's {@code PointerScope}
     * @throws IllegalArgumentException if a shape, dtype, device or stride is not as above
     * @throws KernelException          if a row holds NaN or +infinity, or its target is outside [0, V) or masked; names
     *                                  the first such row
     */
    public static Result forward(Tensor logits, Tensor targets, Tensor weights) {
        long rows = KernelArguments.size("logits", logits, 0, "N", "V");
        long vocabulary = logits.size(1);
        try (DeviceCall call = DeviceCall.at("logits", logits)) {
            LogitType type = call.checkLogits("logits", logits, rows, vocabulary);
            LongPointer t = call.longs("targets", targets, rows);
            FloatPointer w = call.floatsOrNull("weights", weights, rows);
            long stride = KernelArguments.rowStride("logits", logits);

            Result result = new Result(call.emptyFloats(rows), call.emptyFloats(rows), call.emptyFloats(rows));
            chorus_token_logprob_forward_args args = FORWARD.cleared()
                    .logps(result.logps.data_ptr_float())
                    .lse(result.lse.data_ptr_float())
                    .entropy(result.entropy.data_ptr_float())
                    .logits(logits.data_ptr())
                    .targets(t)
                    .weights(w)
                    .N(rows)
                    .V(vocabulary)
                    .stride(stride)
                    .type(type.code);
            int status = call.isCuda()
                    ? ChorusCudaNative.chorus_cuda_token_logprob_forward(args, call.fault(), call.stream())
                    : ChorusNative.chorus_token_logprob_forward(args);
            KernelArguments.keepAlive(result.logps, result.lse, result.entropy, logits, targets, weights);
            call.raise(status, "token_logprob_forward", shape(rows, vocabulary), type);
            return result;
        }
    }

    /**
     * Turns logits into the gradient of {@code sum_n w_n dlogps_n logps_n} with respect to them, in place.
     *
     * <p>Autograd is not told: logits must not be a tensor that a later {@code backward} reads. With f32 {@code lse}, each
     * probability has a relative error of {@code |lse| 2^-24}. bf16 logits become gradients rounded to bf16.
     *
     * @param logits  [N, V] f32 or bf16 as in the forward; overwritten with dlogits. Strided rows keep what lies between
     *                them
     * @param targets [N] int64 as in the forward
     * @param lse     [N] f32, the forward's
     * @param dlogps  [N] f32, finite: gradient of the loss with respect to {@code w_n logps_n}
     * @param weights [N] f32 as in the forward, or null for 1
     * @throws IllegalArgumentException if a shape, dtype, device or stride is not as above
     * @throws KernelException          as in the forward, or if lse or dlogps is not finite; logits then hold nothing of
     *                                  use, as rows before the bad one may have become gradients
     */
    public static void backwardInPlace(Tensor logits, Tensor targets, Tensor lse, Tensor dlogps, Tensor weights) {
        long rows = KernelArguments.size("logits", logits, 0, "N", "V");
        long vocabulary = logits.size(1);
        try (DeviceCall call = DeviceCall.at("logits", logits)) {
            LogitType type = call.checkLogits("logits", logits, rows, vocabulary);
            LongPointer t = call.longs("targets", targets, rows);
            FloatPointer l = call.floats("lse", lse, rows);
            FloatPointer d = call.floats("dlogps", dlogps, rows);
            FloatPointer w = call.floatsOrNull("weights", weights, rows);
            long stride = KernelArguments.rowStride("logits", logits);

            chorus_token_logprob_backward_args args = BACKWARD.cleared()
                    .logits(logits.data_ptr())
                    .targets(t)
                    .lse(l)
                    .dlogps(d)
                    .weights(w)
                    .N(rows)
                    .V(vocabulary)
                    .stride(stride)
                    .type(type.code);
            int status = call.isCuda()
                    ? ChorusCudaNative.chorus_cuda_token_logprob_backward(args, call.fault(), call.stream())
                    : ChorusNative.chorus_token_logprob_backward(args);
            KernelArguments.keepAlive(logits, targets, lse, dlogps, weights);
            call.raise(status, "token_logprob_backward", shape(rows, vocabulary), type);
        }
    }

    private static String shape(long rows, long vocabulary) {
        return "[N=" + rows + ", V=" + vocabulary + "]";
    }
}
