package dev.chorus.kernels;

import dev.chorus.bindings.ChorusCudaNative;
import dev.chorus.bindings.ChorusNative;
import dev.chorus.bindings.ChorusNative.chorus_ensemble_logprob_backward_args;
import dev.chorus.bindings.ChorusNative.chorus_ensemble_logprob_forward_args;
import dev.chorus.kernels.KernelArguments.LogitType;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.pytorch.Tensor;

/**
 * Log-probabilities that W models of one vocabulary, and their mixture, give to the same N tokens.
 *
 * <pre>{@code
 * logps_wn           = z_wnt - lse_wn,   lse_wn = ln sum_v e^z_wnv          t = targets_n
 * mixture_n          = ln sum_w omega_w e^logps_wn
 * sequenceLogps_ws   = sum_n w_n logps_wn                                   n in [offsets_s, offsets_(s+1))
 * sequenceMixture_s  = sum_n w_n mixture_n
 *
 * r_wn        = omega_w p_wn / sum_i omega_i p_in                           p of the target
 * c_wn        = w_n (dlogps_wn + dsequence_ws + r_wn (dmixture_n + dsequenceMixture_s))
 * dlogits_wnv = c_wn (1[v = t] - p_wnv)
 * }</pre>
 *
 * <p>Rows are as in {@link TokenLogProb}, of which one model gives the same bits. Logits are [N, V] of each model, all f32 or
 * all bf16 (on a GPU also f16); they are read where they are, and each model may have a row stride of its own. omega [W] f32 sums to 1
 * within 1e-6; a model of omega 0 is not looked at by the mixture. Models of different vocabularies:
 * {@link RaggedEnsembleLogProb}.
 */
public final class EnsembleLogProb {
    private static final Arguments<chorus_ensemble_logprob_forward_args> FORWARD =
            new Arguments<>(chorus_ensemble_logprob_forward_args::new);
    private static final Arguments<chorus_ensemble_logprob_backward_args> BACKWARD =
            new Arguments<>(chorus_ensemble_logprob_backward_args::new);

    private EnsembleLogProb() {}

    /**
     * Forward results, f32, in nats; the caller owns them. Token results are not multiplied by the token's weight, sums are.
     *
     * @param logps           [W, N] log-probability of the target
     * @param lse             [W, N] log-sum-exp of the row, which the backward needs
     * @param entropy         [W, N] of the row's distribution
     * @param mixture         [N] log-probability of the target under the mixture
     * @param sequenceLogps   [W, S], or null without offsets
     * @param sequenceMixture [S], or null without offsets
     */
    public record Result(
            Tensor logps, Tensor lse, Tensor entropy, Tensor mixture, Tensor sequenceLogps, Tensor sequenceMixture) {}

    /**
     * Gradients of the loss, f32; each may be null for 0, but not all of them. The first two are with respect to
     * {@code w_n logps_wn} and {@code w_n mixture_n}, as in {@link TokenLogProb#backwardInPlace}; sums have the weight already.
     *
     * @param dlogps           [W, N]
     * @param dmixture         [N]
     * @param dsequence        [W, S] with respect to sequenceLogps
     * @param dsequenceMixture [S] with respect to sequenceMixture
     */
    public record Upstream(Tensor dlogps, Tensor dmixture, Tensor dsequence, Tensor dsequenceMixture) {}

    /**
     * Computes log-probabilities; no argument is modified.
     *
     * @param logits  of each model [N, V], at least one
     * @param targets [N] int64 in [0, V)
     * @param weights [N] f32, finite and at least 0, or null for 1
     * @param omega   [W] f32, finite, at least 0, of sum 1
     * @param offsets [S + 1] int64 that do not fall, from 0 to N, or null for no sequences
     * @return new tensors, attached to the caller's {@code PointerScope}
     * @throws IllegalArgumentException if a shape, dtype, device or stride is not as above
     * @throws KernelException          if omega or offsets are not as above, or a row is refused as in {@link TokenLogProb};
     *                                  names the first such model and row
     */
    public static Result forward(List<Tensor> logits, Tensor targets, Tensor weights, Tensor omega, Tensor offsets) {
        try (DeviceCall device = device(logits)) {
            Call call = new Call(device, logits, targets, weights, omega, offsets);
            Result result = new Result(
                    device.emptyFloats(call.models, call.rows),
                    device.emptyFloats(call.models, call.rows),
                    device.emptyFloats(call.models, call.rows),
                    device.emptyFloats(call.rows),
                    offsets == null ? null : device.emptyFloats(call.models, call.sequences),
                    offsets == null ? null : device.emptyFloats(call.sequences));
            int status;
            try (PointerPointer<Pointer> z = KernelArguments.addresses(logits);
                    LongPointer strides = new LongPointer(call.strides)) {
                chorus_ensemble_logprob_forward_args args = FORWARD.cleared()
                        .logps(result.logps.data_ptr_float())
                        .lse(result.lse.data_ptr_float())
                        .entropy(result.entropy.data_ptr_float())
                        .mixture(result.mixture.data_ptr_float())
                        .sequence_logps(offsets == null ? null : result.sequenceLogps.data_ptr_float())
                        .sequence_mixture(offsets == null ? null : result.sequenceMixture.data_ptr_float())
                        .logits(z)
                        .targets(call.targets)
                        .weights(call.weights)
                        .omega(call.omega)
                        .offsets(call.offsets)
                        .W(call.models)
                        .N(call.rows)
                        .V(call.vocabulary)
                        .strides(strides)
                        .S(call.sequences)
                        .type(call.type.code);
                status = device.isCuda()
                        ? ChorusCudaNative.chorus_cuda_ensemble_logprob_forward(args, device.fault(), device.stream())
                        : ChorusNative.chorus_ensemble_logprob_forward(args);
            }
            KernelArguments.keepAlive(logits);
            KernelArguments.keepAlive(result.logps, result.lse, result.entropy, result.mixture);
            KernelArguments.keepAlive(result.sequenceLogps, result.sequenceMixture, targets, weights, omega, offsets);
            device.raise(status, "ensemble_logprob_forward", call.shape(), call.type);
            return result;
        }
    }

    /**
     * As {@link #forward(List, Tensor, Tensor, Tensor, Tensor)} of models whose logits lie in one tensor.
     *
     * @param logits [W, N, V]
     */
    public static Result forward(Tensor logits, Tensor targets, Tensor weights, Tensor omega, Tensor offsets) {
        return forward(models(logits), targets, weights, omega, offsets);
    }

    /**
     * Turns every model's logits into the gradient of the loss with respect to them, in place. Autograd is not told.
     *
     * <p>A row whose factor c is 0 becomes 0 and is not looked at. No two models may share logits.
     *
     * @param logits   of each model as in the forward; overwritten with dlogits
     * @param forward  the forward's result on these logits
     * @param upstream gradients of the loss, at least one
     * @throws IllegalArgumentException as in the forward
     * @throws KernelException          as in the forward, or if lse or c is not finite; logits then hold nothing of use
     */
    public static void backwardInPlace(
            List<Tensor> logits,
            Tensor targets,
            Result forward,
            Upstream upstream,
            Tensor weights,
            Tensor omega,
            Tensor offsets) {
        try (DeviceCall device = device(logits)) {
            Call call = new Call(device, logits, targets, weights, omega, offsets);
            FloatPointer lse = device.floats("lse", forward.lse, call.models, call.rows);
            FloatPointer logps = device.floats("logps", forward.logps, call.models, call.rows);
            FloatPointer dlogps = device.floatsOrNull("dlogps", upstream.dlogps, call.models, call.rows);
            FloatPointer dmixture = device.floatsOrNull("dmixture", upstream.dmixture, call.rows);
            FloatPointer dsums = device.floatsOrNull("dsequence", upstream.dsequence, call.models, call.sequences);
            FloatPointer dmixtureSums =
                    device.floatsOrNull("dsequenceMixture", upstream.dsequenceMixture, call.sequences);
            int status;
            try (PointerPointer<Pointer> z = KernelArguments.addresses(logits);
                    LongPointer strides = new LongPointer(call.strides)) {
                chorus_ensemble_logprob_backward_args args = BACKWARD.cleared()
                        .logits(z)
                        .targets(call.targets)
                        .lse(lse)
                        .logps(logps)
                        .dlogps(dlogps)
                        .dmixture(dmixture)
                        .dsequence(dsums)
                        .dsequence_mixture(dmixtureSums)
                        .weights(call.weights)
                        .omega(call.omega)
                        .offsets(call.offsets)
                        .W(call.models)
                        .N(call.rows)
                        .V(call.vocabulary)
                        .strides(strides)
                        .S(call.sequences)
                        .type(call.type.code);
                status = device.isCuda()
                        ? ChorusCudaNative.chorus_cuda_ensemble_logprob_backward(args, device.fault(), device.stream())
                        : ChorusNative.chorus_ensemble_logprob_backward(args);
            }
            KernelArguments.keepAlive(logits);
            KernelArguments.keepAlive(targets, forward.lse, forward.logps, upstream.dlogps, upstream.dmixture);
            KernelArguments.keepAlive(upstream.dsequence, upstream.dsequenceMixture, weights, omega, offsets);
            device.raise(status, "ensemble_logprob_backward", call.shape(), call.type);
        }
    }

    /** As the other of models whose logits lie in one tensor [W, N, V]. */
    public static void backwardInPlace(
            Tensor logits,
            Tensor targets,
            Result forward,
            Upstream upstream,
            Tensor weights,
            Tensor omega,
            Tensor offsets) {
        backwardInPlace(models(logits), targets, forward, upstream, weights, omega, offsets);
    }

    /** Each model's part of [W, N, V]: views, nothing is copied. */
    private static List<Tensor> models(Tensor logits) {
        long models = KernelArguments.size("logits", logits, 0, "W", "N", "V");
        List<Tensor> views = new ArrayList<>();
        for (long w = 0; w < models; w++) {
            views.add(logits.select(0, w));
        }
        return views;
    }

    /** A call where the first model's logits are. */
    private static DeviceCall device(List<Tensor> logits) {
        if (logits.isEmpty()) {
            throw new IllegalArgumentException("logits: expected at least one model, got none");
        }
        return DeviceCall.at("logits[0]", logits.get(0));
    }

    /** The arguments that both directions share, checked. */
    private static final class Call {
        final long models;
        final long rows;
        final long vocabulary;
        final long sequences;
        final LogitType type;
        final long[] strides;
        final LongPointer targets;
        final FloatPointer weights;
        final FloatPointer omega;
        final LongPointer offsets;

        Call(DeviceCall device, List<Tensor> logits, Tensor targets, Tensor weights, Tensor omega, Tensor offsets) {
            models = logits.size();
            rows = KernelArguments.size("logits[0]", logits.get(0), 0, "N", "V");
            vocabulary = logits.get(0).size(1);
            type = device.checkLogits("logits[0]", logits.get(0), rows, vocabulary);
            strides = new long[logits.size()];
            for (int w = 0; w < strides.length; w++) {
                String name = "logits[" + w + "]";
                device.check(name, logits.get(w), type.dtype, rows, vocabulary);
                strides[w] = KernelArguments.rowStride(name, logits.get(w));
            }
            this.targets = device.longs("targets", targets, rows);
            this.weights = device.floatsOrNull("weights", weights, rows);
            this.omega = device.floats("omega", omega, models);
            sequences = offsets == null ? 0 : KernelArguments.size("offsets", offsets, 0, "S + 1") - 1;
            this.offsets = offsets == null ? null : device.longs("offsets", offsets, sequences + 1);
        }

        String shape() {
            return "[W=" + models + ", N=" + rows + ", V=" + vocabulary + "]";
        }
    }
}
