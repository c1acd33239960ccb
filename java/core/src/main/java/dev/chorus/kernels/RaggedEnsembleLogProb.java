package dev.chorus.kernels;

import dev.chorus.bindings.ChorusCudaNative;
import dev.chorus.bindings.ChorusNative;
import dev.chorus.bindings.ChorusNative.chorus_ragged_ensemble_logprob_backward_args;
import dev.chorus.bindings.ChorusNative.chorus_ragged_ensemble_logprob_forward_args;
import dev.chorus.kernels.KernelArguments.LogitType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.pytorch.Tensor;

/**
 * Log-probabilities of the same S sequences under W models of different vocabularies and tokenizations, and of their mixture.
 *
 * <pre>{@code
 * sequenceLogps_ws  = sum_n w_wn logps_wn                        n in model w's sequence s
 * sequenceMeans_ws  = sequenceLogps_ws / sum_n w_wn              0 where no token has weight
 * sequenceMixture_s = ln sum_w omega_w e^sequenceLogps_ws
 *
 * r_ws        = omega_w e^sequenceLogps_ws / sum_i omega_i e^sequenceLogps_is
 * c_wn        = w_wn (dsequence_ws + r_ws dsequenceMixture_s)
 * dlogits_wnv = c_wn (1[v = t] - p_wnv)
 * }</pre>
 *
 * <p>Such models agree on no token, so only whole sequences are mixed. Rows are as in {@link TokenLogProb}; omega is as in
 * {@link EnsembleLogProb}. sequenceLogps being f32, r has a relative error of up to {@code |sequenceLogps| 2^-23}.
 */
public final class RaggedEnsembleLogProb {
    private static final Arguments<chorus_ragged_ensemble_logprob_forward_args> FORWARD =
            new Arguments<>(chorus_ragged_ensemble_logprob_forward_args::new);
    private static final Arguments<chorus_ragged_ensemble_logprob_backward_args> BACKWARD =
            new Arguments<>(chorus_ragged_ensemble_logprob_backward_args::new);

    private RaggedEnsembleLogProb() {}

    /**
     * What one model reads. All models' logits are f32, or all bf16.
     *
     * @param logits  [N, V] f32 or bf16, of sizes of its own; rows may be strided
     * @param targets [N] int64 in [0, V)
     * @param weights [N] f32, finite and at least 0, or null for 1
     * @param offsets [S + 1] int64 that do not fall, from 0 to N: sequence s is rows {@code [offsets_s, offsets_(s+1))}
     */
    public record Model(Tensor logits, Tensor targets, Tensor weights, Tensor offsets) {}

    /**
     * Forward results, f32, in nats; the caller owns them.
     *
     * @param logps           of each model [N]: log-probability of the target, not multiplied by the weight
     * @param lse             of each model [N]: log-sum-exp of the row, which the backward needs
     * @param entropy         of each model [N]: of the row's distribution
     * @param sequenceLogps   [W, S]
     * @param sequenceMeans   [W, S]
     * @param sequenceMixture [S]
     */
    public record Result(
            List<Tensor> logps,
            List<Tensor> lse,
            List<Tensor> entropy,
            Tensor sequenceLogps,
            Tensor sequenceMeans,
            Tensor sequenceMixture) {}

    /**
     * Computes log-probabilities; no argument is modified.
     *
     * @param models at least one
     * @param omega  [W] f32, finite, at least 0, of sum 1 within 1e-6
     * @return new tensors, attached to the caller's {@code PointerScope}
     * @throws IllegalArgumentException if a shape, dtype, device or stride is not as above
     * @throws KernelException          if omega or offsets are not as above, or a row is refused as in {@link TokenLogProb};
     *                                  names the first such model and row
     */
    public static Result forward(List<Model> models, Tensor omega) {
        try (DeviceCall device = device(models)) {
            Call call = new Call(device, models, omega);
            Result result = new Result(
                    call.empty(device),
                    call.empty(device),
                    call.empty(device),
                    device.emptyFloats(call.rows.length, call.sequences),
                    device.emptyFloats(call.rows.length, call.sequences),
                    device.emptyFloats(call.sequences));
            int status;
            try (NativeArrays in = new NativeArrays(call);
                    PointerPointer<Pointer> logps = KernelArguments.addresses(result.logps);
                    PointerPointer<Pointer> lse = KernelArguments.addresses(result.lse);
                    PointerPointer<Pointer> entropy = KernelArguments.addresses(result.entropy)) {
                chorus_ragged_ensemble_logprob_forward_args args = FORWARD.cleared()
                        .logps(logps)
                        .lse(lse)
                        .entropy(entropy)
                        .sequence_logps(result.sequenceLogps.data_ptr_float())
                        .sequence_means(result.sequenceMeans.data_ptr_float())
                        .sequence_mixture(result.sequenceMixture.data_ptr_float())
                        .logits(in.logits)
                        .targets(in.targets)
                        .weights(in.weights)
                        .omega(call.omega)
                        .offsets(in.offsets)
                        .W(call.rows.length)
                        .rows(in.rows)
                        .vocabularies(in.vocabularies)
                        .strides(in.strides)
                        .S(call.sequences)
                        .type(call.type.code);
                status = device.isCuda()
                        ? ChorusCudaNative.chorus_cuda_ragged_ensemble_logprob_forward(
                                args, device.fault(), device.stream())
                        : ChorusNative.chorus_ragged_ensemble_logprob_forward(args);
            }
            call.keepAlive();
            KernelArguments.keepAlive(result.logps);
            KernelArguments.keepAlive(result.lse);
            KernelArguments.keepAlive(result.entropy);
            KernelArguments.keepAlive(omega, result.sequenceLogps, result.sequenceMeans, result.sequenceMixture);
            device.raise(status, "ragged_ensemble_logprob_forward", call.shape(), call.type);
            return result;
        }
    }

    /**
     * Turns every model's logits into the gradient of the loss with respect to them, in place. Autograd is not told.
     *
     * <p>A row whose factor c is 0 becomes 0 and is not looked at. No two models may share logits. A gradient of a mean goes
     * into dsequence, divided by the sum of the weights.
     *
     * @param models           as in the forward; their logits are overwritten with dlogits
     * @param forward          the forward's result on them
     * @param dsequence        [W, S] f32 with respect to sequenceLogps, or null for 0
     * @param dsequenceMixture [S] f32 with respect to sequenceMixture, or null for 0; not both are null
     * @throws IllegalArgumentException as in the forward
     * @throws KernelException          as in the forward, or if lse or c is not finite; logits then hold nothing of use
     */
    public static void backwardInPlace(
            List<Model> models, Result forward, Tensor dsequence, Tensor dsequenceMixture, Tensor omega) {
        try (DeviceCall device = device(models)) {
            Call call = new Call(device, models, omega);
            for (int w = 0; w < call.rows.length; w++) {
                device.floats("lse[" + w + "]", forward.lse.get(w), call.rows[w]);
            }
            FloatPointer sums = device.floats("sequenceLogps", forward.sequenceLogps, call.rows.length, call.sequences);
            FloatPointer dsums = device.floatsOrNull("dsequence", dsequence, call.rows.length, call.sequences);
            FloatPointer dmixture = device.floatsOrNull("dsequenceMixture", dsequenceMixture, call.sequences);
            int status;
            try (NativeArrays in = new NativeArrays(call);
                    PointerPointer<Pointer> lse = KernelArguments.addresses(forward.lse)) {
                chorus_ragged_ensemble_logprob_backward_args args = BACKWARD.cleared()
                        .logits(in.logits)
                        .targets(in.targets)
                        .lse(lse)
                        .sequence_logps(sums)
                        .dsequence(dsums)
                        .dsequence_mixture(dmixture)
                        .weights(in.weights)
                        .omega(call.omega)
                        .offsets(in.offsets)
                        .W(call.rows.length)
                        .rows(in.rows)
                        .vocabularies(in.vocabularies)
                        .strides(in.strides)
                        .S(call.sequences)
                        .type(call.type.code);
                status = device.isCuda()
                        ? ChorusCudaNative.chorus_cuda_ragged_ensemble_logprob_backward(
                                args, device.fault(), device.stream())
                        : ChorusNative.chorus_ragged_ensemble_logprob_backward(args);
            }
            call.keepAlive();
            KernelArguments.keepAlive(forward.lse);
            KernelArguments.keepAlive(omega, forward.sequenceLogps, dsequence, dsequenceMixture);
            device.raise(status, "ragged_ensemble_logprob_backward", call.shape(), call.type);
        }
    }

    /** A call where the first model's logits are. */
    private static DeviceCall device(List<Model> models) {
        if (models.isEmpty()) {
            throw new IllegalArgumentException("models: expected at least one, got none");
        }
        return DeviceCall.at("models[0].logits", models.get(0).logits);
    }

    /** The arguments that both directions share, checked. */
    private static final class Call {
        final List<Tensor> logits = new ArrayList<>();
        final List<Tensor> targets = new ArrayList<>();
        final List<Tensor> weights = new ArrayList<>();
        final List<Tensor> offsets = new ArrayList<>();
        final long[] rows;
        final long[] vocabularies;
        final long[] strides;
        final long sequences;
        final LogitType type;
        final FloatPointer omega;

        Call(DeviceCall device, List<Model> models, Tensor omega) {
            rows = new long[models.size()];
            vocabularies = new long[models.size()];
            strides = new long[models.size()];
            Tensor first = models.get(0).logits;
            long firstRows = KernelArguments.size("models[0].logits", first, 0, "N", "V");
            type = device.checkLogits("models[0].logits", first, firstRows, first.size(1));
            sequences = KernelArguments.size("models[0].offsets", models.get(0).offsets, 0, "S + 1") - 1;
            for (int w = 0; w < rows.length; w++) {
                Model model = models.get(w);
                String name = "models[" + w + "].";
                rows[w] = KernelArguments.size(name + "logits", model.logits, 0, "N", "V");
                vocabularies[w] = model.logits.size(1);
                device.check(name + "logits", model.logits, type.dtype, rows[w], vocabularies[w]);
                strides[w] = KernelArguments.rowStride(name + "logits", model.logits);
                device.longs(name + "targets", model.targets, rows[w]);
                device.floatsOrNull(name + "weights", model.weights, rows[w]);
                device.longs(name + "offsets", model.offsets, sequences + 1);
                logits.add(model.logits);
                targets.add(model.targets);
                weights.add(model.weights);
                offsets.add(model.offsets);
            }
            this.omega = device.floats("omega", omega, rows.length);
        }

        /** An uninitialised [N] for each model. */
        List<Tensor> empty(DeviceCall device) {
            List<Tensor> tensors = new ArrayList<>();
            for (long n : rows) {
                tensors.add(device.emptyFloats(n));
            }
            return tensors;
        }

        void keepAlive() {
            KernelArguments.keepAlive(logits);
            KernelArguments.keepAlive(targets);
            KernelArguments.keepAlive(weights);
            KernelArguments.keepAlive(offsets);
        }

        String shape() {
            return "[N=" + Arrays.toString(rows) + ", V=" + Arrays.toString(vocabularies) + ", S=" + sequences + "]";
        }
    }

    /** The models' addresses and sizes as native arrays. */
    private static final class NativeArrays implements AutoCloseable {
        final PointerPointer<Pointer> logits;
        final PointerPointer<Pointer> targets;
        final PointerPointer<Pointer> weights;
        final PointerPointer<Pointer> offsets;
        final LongPointer rows;
        final LongPointer vocabularies;
        final LongPointer strides;

        NativeArrays(Call call) {
            logits = KernelArguments.addresses(call.logits);
            targets = KernelArguments.addresses(call.targets);
            weights = KernelArguments.addresses(call.weights);
            offsets = KernelArguments.addresses(call.offsets);
            rows = new LongPointer(call.rows);
            vocabularies = new LongPointer(call.vocabularies);
            strides = new LongPointer(call.strides);
        }

        @Override
        public void close() {
            for (Pointer array : List.of(logits, targets, weights, offsets, rows, vocabularies, strides)) {
                array.close();
            }
        }
    }
}
