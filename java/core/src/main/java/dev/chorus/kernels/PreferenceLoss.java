package dev.chorus.kernels;

import dev.chorus.bindings.ChorusCudaNative;
import dev.chorus.bindings.ChorusNative;
import dev.chorus.bindings.ChorusNative.chorus_preference_args;
import dev.chorus.bindings.ChorusNative.chorus_preference_tokens_args;
import dev.chorus.kernels.KernelArguments.LogitType;
import dev.chorus.torch.Scope;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Losses of P pairs of answers, of which one was preferred, with their gradients: DPO and its kin, in one native call.
 *
 * <pre>{@code
 * c = policyChosen - refChosen        r = policyRejected - refRejected
 * x = beta (h(c) - h(r))              h of the divergence; h(u) = u for reverse KL
 * loss    = w l(c, r)                 l of the kind
 * dchosen = upstream dloss w dl/dpolicyChosen,   drejected alike
 * reward  = beta (policy - ref)       not multiplied by w
 * }</pre>
 *
 * <p>{@link PreferenceSpec} lists the kinds and divergences with their papers. Log-probabilities are sums over the tokens of
 * an answer, in nats, [P] f32 or bf16 (on a GPU also f16); or those of the tokens themselves ({@link Tokens}). Arithmetic is in
 * double; results are rounded to f32 once. A pair of weight 0 is not looked at and gives 0 everywhere. On the CPU the calling
 * thread does all the work.
 */
public final class PreferenceLoss {
    /** Totals come first, as doubles. */
    private static final long TOTALS_FLOATS = 2L * ChorusNative.CHORUS_PREFERENCE_TOTALS;

    private static final Arguments<chorus_preference_args> PAIRS = new Arguments<>(chorus_preference_args::new);
    private static final Arguments<chorus_preference_tokens_args> TOKENS =
            new Arguments<>(chorus_preference_tokens_args::new);

    private static final Upstream NO_GRADIENT = new Upstream(0, null);

    private PreferenceLoss() {}

    /**
     * Pairs given by the log-probabilities of their answers.
     *
     * @param policyChosen    [P] f32 or bf16, finite: the policy's log-probability of the chosen answer
     * @param policyRejected  [P], of the same type, finite: of the rejected answer
     * @param refChosen       [P], of the same type, finite: the reference's of the chosen answer; null (with refRejected) for 0
     * @param refRejected     [P], of the same type, finite: of the rejected answer, or null
     * @param chosenLengths   [P] int64, at least 1: tokens of the chosen answer; only the kinds that divide by it look at it
     * @param rejectedLengths [P] int64, at least 1: tokens of the rejected answer
     * @param weights         [P] f32, finite and at least 0, or null for 1; equal or 0 for the kinds that sort
     * @param flip            [P] f32: probability that chosen and rejected are swapped; null for the spec's epsilon
     */
    public record Pairs(
            Tensor policyChosen,
            Tensor policyRejected,
            Tensor refChosen,
            Tensor refRejected,
            Tensor chosenLengths,
            Tensor rejectedLengths,
            Tensor weights,
            Tensor flip) {
        /** Pairs of weight 1, without lengths and flips of their own. */
        public static Pairs of(Tensor policyChosen, Tensor policyRejected, Tensor refChosen, Tensor refRejected) {
            return new Pairs(policyChosen, policyRejected, refChosen, refRejected, null, null, null, null);
        }

        /** These pairs with weights and flips, either of which may be null. */
        public Pairs with(Tensor newWeights, Tensor newFlip) {
            return new Pairs(
                    policyChosen,
                    policyRejected,
                    refChosen,
                    refRejected,
                    chosenLengths,
                    rejectedLengths,
                    newWeights,
                    newFlip);
        }
    }

    /**
     * Pairs given by the log-probabilities of their tokens. Answer 2p is the chosen one of pair p, 2p + 1 the rejected one. A
     * pair of which an answer has no token of a weight above 0 counts as one of weight 0.
     *
     * @param policy       [tokens] f32 or bf16, finite
     * @param ref          [tokens], of the same type, finite; or null
     * @param refChosen    [P] f32, finite: the reference's sums, if ref is null; or null, for 0
     * @param refRejected  [P] f32, finite; or null
     * @param offsets      [2P + 1] int64: where each answer's tokens begin; from 0 to tokens, not falling
     * @param tokenWeights [tokens] f32, finite and at least 0: factors of both log-probabilities; null for 1
     * @param weights      [P] as in {@link Pairs}
     * @param flip         [P] as in {@link Pairs}
     */
    public record Tokens(
            Tensor policy,
            Tensor ref,
            Tensor refChosen,
            Tensor refRejected,
            Tensor offsets,
            Tensor tokenWeights,
            Tensor weights,
            Tensor flip) {}

    /**
     * What the gradient of each pair's loss is multiplied by.
     *
     * @param scale of every pair, finite; {@code 1/P} for the mean over pairs
     * @param dloss [P] f32, finite; null for 1
     */
    public record Upstream(double scale, Tensor dloss) {
        /** The same for every pair. */
        public static Upstream of(double scale) {
            return new Upstream(scale, null);
        }
    }

    /**
     * Results of a call, in one piece of memory that belongs to the caller's {@code PointerScope}. Tensors are views of it, made
     * when they are asked for.
     */
    public static final class Result {
        private final Tensor memory;
        private final DoublePointer totals;
        /** A copy of the totals: the memory is gone with the scope of the call, and they may be asked for later. */
        private final double[] sums = new double[ChorusNative.CHORUS_PREFERENCE_TOTALS];

        private final long pairs;
        private final long tokens;
        private final boolean hasGradient;

        /** Floats: totals, loss [P], rewards [P] and [P], gradients. Tokens are -1 for a call on pairs. */
        private Result(DeviceCall call, long pairs, long tokens, boolean hasGradient) {
            this.pairs = pairs;
            this.tokens = tokens;
            this.hasGradient = hasGradient;
            long gradients = tokens < 0 ? 2 * pairs : tokens;
            memory = call.emptyFloats(TOTALS_FLOATS + 3 * pairs + (hasGradient ? gradients : 0));
            totals = new DoublePointer(memory.data_ptr_float());
        }

        /** [P] f32, in nats, multiplied by the pairs' weights. */
        public Tensor loss() {
            return row(0);
        }

        /** [P] f32: {@code beta (policyChosen - refChosen)}. */
        public Tensor chosenRewards() {
            return row(1);
        }

        /** [P] f32: {@code beta (policyRejected - refRejected)}. */
        public Tensor rejectedRewards() {
            return row(2);
        }

        /** [P] f32: gradient with respect to policyChosen, of a call on pairs that asked for one. */
        public Tensor dchosen() {
            requireGradient(tokens < 0);
            return row(3);
        }

        /** [P] f32: gradient with respect to policyRejected, of a call on pairs that asked for one. */
        public Tensor drejected() {
            requireGradient(tokens < 0);
            return row(4);
        }

        /** [tokens] f32: gradient with respect to policy, of a call on tokens that asked for one. */
        public Tensor dtokens() {
            requireGradient(tokens >= 0);
            return memory.narrow(0, TOTALS_FLOATS + 3 * pairs, tokens);
        }

        /** Sum of the losses, in nats. */
        public double lossSum() {
            return total(ChorusNative.CHORUS_PREFERENCE_LOSS_SUM);
        }

        /** Sum of {@code chosenReward - rejectedReward} over the pairs whose weight is not 0. */
        public double marginSum() {
            return total(ChorusNative.CHORUS_PREFERENCE_MARGIN_SUM);
        }

        /** Pairs whose chosen reward is above the rejected one. */
        public long right() {
            return (long) total(ChorusNative.CHORUS_PREFERENCE_RIGHT);
        }

        /** Pairs whose weight is not 0. */
        public long pairs() {
            return (long) total(ChorusNative.CHORUS_PREFERENCE_PAIRS);
        }

        private double total(int index) {
            return sums[index];
        }

        private Result withSums() {
            if (memory.is_cpu()) {
                totals.get(sums);
                KernelArguments.keepAlive(memory);
            } else {
                try (Scope scope = new Scope()) {
                    Tensor copy = memory.narrow(0, 0, TOTALS_FLOATS).cpu();
                    new DoublePointer(copy.data_ptr_float()).get(sums);
                }
            }
            return this;
        }

        private Tensor row(int index) {
            return memory.narrow(0, TOTALS_FLOATS + index * pairs, pairs);
        }

        private void requireGradient(boolean ofThisForm) {
            if (!hasGradient || !ofThisForm) {
                throw new IllegalStateException("this call computed no such gradient");
            }
        }
    }

    /**
     * Losses, rewards and, unless upstream is null, gradients; no argument is modified.
     *
     * @param upstream null to leave the gradients out
     * @return new memory, attached to the caller's {@code PointerScope}
     * @throws IllegalArgumentException if a shape, dtype, device or stride is not as {@link Pairs} says
     * @throws KernelException          if the spec has no flip but got some, if a pair holds a value that is not as
     *                                  {@link Pairs} says, or if a result is too large for f32; names the first such pair
     */
    public static Result compute(PreferenceSpec spec, Pairs x, Upstream upstream) {
        long pairs = KernelArguments.size("policyChosen", x.policyChosen, 0, "P");
        try (DeviceCall call = DeviceCall.at("policyChosen", x.policyChosen)) {
            LogitType type = type(call, "policyChosen", x.policyChosen, pairs);
            requireTogether(x.refChosen, x.refRejected);
            LongPointer chosenLengths = longs(call, "chosenLengths", x.chosenLengths, pairs);
            LongPointer rejectedLengths = longs(call, "rejectedLengths", x.rejectedLengths, pairs);
            FloatPointer weights = floats(call, "weights", x.weights, pairs);
            FloatPointer flip = floats(call, "flip", x.flip, pairs);
            Upstream up = upstream == null ? NO_GRADIENT : upstream;
            FloatPointer dloss = floats(call, "dloss", up.dloss, pairs);

            Result result = new Result(call, pairs, -1, upstream != null);
            int kind = spec.kind().code();
            chorus_preference_args args = PAIRS.cleared()
                    .loss(floatsBehind(result, 0))
                    .chosen_rewards(floatsBehind(result, pairs))
                    .rejected_rewards(floatsBehind(result, 2 * pairs))
                    .totals(result.totals)
                    .policy_chosen(values(call, type, "policyChosen", x.policyChosen, pairs))
                    .policy_rejected(
                            values(call, type, "policyRejected", require("policyRejected", x.policyRejected), pairs))
                    .ref_chosen(values(call, type, "refChosen", x.refChosen, pairs))
                    .ref_rejected(values(call, type, "refRejected", x.refRejected, pairs))
                    .P(pairs)
                    .kind(kind)
                    .beta(spec.beta())
                    .epsilon(spec.epsilon())
                    .parameter(spec.parameter())
                    .divergence(spec.divergence().code())
                    .alpha(spec.alpha())
                    .upstream(up.scale)
                    .type(type.code);
            // A setter costs as much for a null that is there already, and a call of few pairs takes two microseconds.
            if (upstream != null) {
                args.dchosen(floatsBehind(result, 3 * pairs)).drejected(floatsBehind(result, 4 * pairs));
            }
            if (chosenLengths != null || rejectedLengths != null) {
                args.chosen_lengths(chosenLengths).rejected_lengths(rejectedLengths);
            }
            if (weights != null) {
                args.weights(weights);
            }
            if (flip != null) {
                args.flip(flip);
            }
            if (dloss != null) {
                args.dloss(dloss);
            }
            int status;
            if (call.isCuda()) {
                Tensor workspace = call.workspace(ChorusCudaNative.chorus_cuda_preference_workspace(kind, pairs));
                args.workspace(workspace == null ? null : workspace.data_ptr());
                status = ChorusCudaNative.chorus_cuda_preference(args, call.fault(), call.stream());
                KernelArguments.keepAlive(workspace);
            } else {
                try (Tensor workspace = doubles(ChorusNative.chorus_preference_workspace(kind, pairs))) {
                    if (workspace != null) {
                        args.workspace(workspace.data_ptr());
                    }
                    status = ChorusNative.chorus_preference(args);
                }
            }
            KernelArguments.keepAlive(result.memory, x.policyChosen, x.policyRejected, x.refChosen, x.refRejected);
            KernelArguments.keepAlive(x.chosenLengths, x.rejectedLengths, x.weights, x.flip, up.dloss);
            if (call.mustAsk(status)) {
                call.raise(status, "preference", "[P=" + pairs + "]", type);
            }
            return result.withSums();
        }
    }

    /**
     * The same from tokens: losses, rewards and, unless upstream is null, the gradient with respect to each token's
     * log-probability.
     *
     * @param upstream null to leave the gradient out
     * @return new memory, attached to the caller's {@code PointerScope}
     * @throws IllegalArgumentException if a shape, dtype, device or stride is not as {@link Tokens} says, or if offsets do not
     *                                  end with the number of tokens
     * @throws KernelException          as for pairs
     */
    public static Result compute(PreferenceSpec spec, Tokens x, Upstream upstream) {
        long tokens = KernelArguments.size("policy", x.policy, 0, "tokens");
        try (DeviceCall call = DeviceCall.at("policy", x.policy)) {
            LogitType type = type(call, "policy", x.policy, tokens);
            long pairs = (KernelArguments.size("offsets", x.offsets, 0, "2P + 1") - 1) / 2;
            LongPointer offsets = longs(call, "offsets", x.offsets, 2 * pairs + 1);
            long end = last(x.offsets, 2 * pairs);
            if (end != tokens) {
                throw new IllegalArgumentException(
                        "offsets: expected them to end with " + tokens + " tokens, got " + end);
            }
            requireTogether(x.refChosen, x.refRejected);
            FloatPointer refChosen = floats(call, "refChosen", x.refChosen, pairs);
            FloatPointer refRejected = floats(call, "refRejected", x.refRejected, pairs);
            FloatPointer tokenWeights = floats(call, "tokenWeights", x.tokenWeights, tokens);
            FloatPointer weights = floats(call, "weights", x.weights, pairs);
            FloatPointer flip = floats(call, "flip", x.flip, pairs);
            Upstream up = upstream == null ? NO_GRADIENT : upstream;
            FloatPointer dloss = floats(call, "dloss", up.dloss, pairs);

            Result result = new Result(call, pairs, tokens, upstream != null);
            int kind = spec.kind().code();
            chorus_preference_tokens_args args = TOKENS.cleared()
                    .loss(floatsBehind(result, 0))
                    .chosen_rewards(floatsBehind(result, pairs))
                    .rejected_rewards(floatsBehind(result, 2 * pairs))
                    .totals(result.totals)
                    .policy_tokens(values(call, type, "policy", x.policy, tokens))
                    .ref_tokens(values(call, type, "ref", x.ref, tokens))
                    .ref_chosen(refChosen)
                    .ref_rejected(refRejected)
                    .offsets(offsets)
                    .P(pairs)
                    .kind(kind)
                    .beta(spec.beta())
                    .epsilon(spec.epsilon())
                    .parameter(spec.parameter())
                    .divergence(spec.divergence().code())
                    .alpha(spec.alpha())
                    .upstream(up.scale)
                    .type(type.code);
            if (upstream != null) {
                args.dtokens(floatsBehind(result, 3 * pairs));
            }
            if (tokenWeights != null) {
                args.token_weights(tokenWeights);
            }
            if (weights != null) {
                args.weights(weights);
            }
            if (flip != null) {
                args.flip(flip);
            }
            if (dloss != null) {
                args.dloss(dloss);
            }
            int status;
            if (call.isCuda()) {
                Tensor workspace =
                        call.workspace(ChorusCudaNative.chorus_cuda_preference_tokens_workspace(kind, pairs));
                args.workspace(workspace == null ? null : workspace.data_ptr());
                status = ChorusCudaNative.chorus_cuda_preference_tokens(args, call.fault(), call.stream());
                KernelArguments.keepAlive(workspace);
            } else {
                try (Tensor workspace = doubles(ChorusNative.chorus_preference_tokens_workspace(kind, pairs))) {
                    if (workspace != null) {
                        args.workspace(workspace.data_ptr());
                    }
                    status = ChorusNative.chorus_preference_tokens(args);
                }
            }
            KernelArguments.keepAlive(result.memory, x.policy, x.ref, x.refChosen, x.refRejected, x.offsets);
            KernelArguments.keepAlive(x.tokenWeights, x.weights, x.flip, up.dloss);
            if (call.mustAsk(status)) {
                call.raise(status, "preference_tokens", "[P=" + pairs + ", tokens=" + tokens + "]", type);
            }
            return result.withSums();
        }
    }

    /** Memory of the host that a kind asks for during the call; null for most. */
    private static Tensor doubles(long count) {
        return count == 0 ? null : KernelArguments.emptyFloats(2 * count);
    }

    /** The last of the offsets, from wherever they are. */
    private static long last(Tensor offsets, long index) {
        try (Scope scope = new Scope()) {
            return offsets.narrow(0, index, 1).cpu().data_ptr_long().get();
        }
    }

    private static Tensor require(String name, Tensor tensor) {
        if (tensor == null) {
            throw new IllegalArgumentException(name + ": expected a tensor, got null");
        }
        return tensor;
    }

    private static void requireTogether(Tensor refChosen, Tensor refRejected) {
        if ((refChosen == null) != (refRejected == null)) {
            throw new IllegalArgumentException("refChosen and refRejected: expected both or neither");
        }
    }

    private static FloatPointer floatsBehind(Result result, long offset) {
        FloatPointer pointer = new FloatPointer(result.totals);
        return pointer.position(TOTALS_FLOATS + offset);
    }

    /** null for null. The common case takes few native calls; what is not it gets the checks that name what is wrong. */
    private static FloatPointer floats(DeviceCall call, String name, Tensor tensor, long count) {
        if (tensor == null) {
            return null;
        }
        checkDense(call, name, tensor, ScalarType.Float, count);
        return tensor.data_ptr_float();
    }

    private static LogitType type(DeviceCall call, String name, Tensor tensor, long count) {
        byte type = tensor.scalar_type().value;
        if (type == ScalarType.Float.value) {
            return LogitType.F32;
        }
        return type == ScalarType.BFloat16.value ? LogitType.BF16 : call.checkLogits(name, tensor, count);
    }

    private static Pointer values(DeviceCall call, LogitType type, String name, Tensor tensor, long count) {
        if (tensor == null) {
            return null;
        }
        checkDense(call, name, tensor, type.dtype, count);
        return tensor.data_ptr();
    }

    private static LongPointer longs(DeviceCall call, String name, Tensor tensor, long count) {
        if (tensor == null) {
            return null;
        }
        checkDense(call, name, tensor, ScalarType.Long, count);
        return tensor.data_ptr_long();
    }

    private static void checkDense(DeviceCall call, String name, Tensor tensor, ScalarType dtype, long count) {
        boolean dense = !call.isCuda()
                && !tensor.isNull()
                && tensor.is_cpu()
                && tensor.has_storage()
                && tensor.scalar_type().value == dtype.value
                && tensor.dim() == 1
                && tensor.numel() == count
                && tensor.is_contiguous();
        if (!dense) {
            call.check(name, tensor, dtype, count);
            KernelArguments.requireContiguous(name, tensor);
        }
    }
}
