package dev.chorus.kernels;

import dev.chorus.bindings.ChorusCudaNative;
import dev.chorus.bindings.ChorusNative;
import dev.chorus.bindings.ChorusNative.chorus_evidential_args;
import dev.chorus.kernels.KernelArguments.LogitType;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Tensor;

/**
 * Evidential loss: logits are read as the evidence of a Dirichlet distribution and fitted to several soft labels a row.
 *
 * <pre>{@code
 * alpha_k = 1 + e(z_k),   S = sum_k alpha_k
 * NLL_i   = sum_k y_ik (ln S - ln alpha_k)
 * KL_i    = KL(Dir(1 + (1 - y_i) (alpha - 1)) || Dir(1))
 * loss_n  = w_n sum_i lambda_ni (NLL_i + klWeight KL_i)
 *
 * dNLL_i/dalpha_j = sum_k y_ik / S - y_ij / alpha_j
 * dKL_i/dalpha_j  = (1 - y_ij) ((a_j - 1) psi1(a_j) - (A - K) psi1(A)),   a = 1 + (1 - y_i) (alpha - 1),   A = sum_k a_k
 * }</pre>
 *
 * <p>Sensoy et al. 2018, arXiv:1806.01768, Eq. 3 and the KL term of section 4; several weak labels a row as in Cui et al.,
 * arXiv:2406.03199. Differs from Sensoy et al.: labels may be soft and enter both terms, evidence may be exp(z). For exp
 * evidence the KL term sees min(z, 40) and has no gradient beyond. Arithmetic is in double, in forms that neither overflow
 * nor cancel; results are rounded to f32 once. Logits may be f32 or bf16; everything else is f32.
 *
 * <p>A row of weight 0, or whose lambdas are all 0, is not looked at and gives 0 everywhere; so is a label of lambda 0. That
 * is how a missing answer is left out: the caller sets its lambda to 0 and lets the others sum to 1.
 */
public final class EvidentialLoss {
    private static final Arguments<chorus_evidential_args> ARGUMENTS = new Arguments<>(chorus_evidential_args::new);

    private EvidentialLoss() {}

    /** How a logit becomes evidence, e(z) &ge; 0. */
    public enum Evidence {
        /** e(z) = exp(z). */
        EXP(ChorusNative.CHORUS_EVIDENCE_EXP),
        /** e(z) = ln(1 + exp(z)). */
        SOFTPLUS(ChorusNative.CHORUS_EVIDENCE_SOFTPLUS),
        /** e(z) = max(z, 0). A row without a positive logit has no gradient and never learns. */
        RELU(ChorusNative.CHORUS_EVIDENCE_RELU);

        final int code;

        Evidence(int code) {
            this.code = code;
        }
    }

    /**
     * Forward results, each [N] f32, in nats; the caller owns them.
     *
     * @param loss {@code w (nll + klWeight kl)}
     * @param nll  {@code sum_i lambda_i NLL_i}, without w
     * @param kl   {@code sum_i lambda_i KL_i}, without w and klWeight; computed even if klWeight is 0
     */
    public record Result(Tensor loss, Tensor nll, Tensor kl) {}

    /**
     * Loss and gradient of one call.
     *
     * @param result  as {@link #forward} gives it, but kl is 0 if klWeight is, where it is not computed
     * @param dlogits [N, K] f32, dense
     */
    public record LossAndGradient(Result result, Tensor dlogits) {}

    /**
     * Computes the loss of each row; no argument is modified.
     *
     * @param logits   [N, K] f32 or bf16, K at least 1, rows may be strided; -infinity is no evidence
     * @param targets  [N, W, K] f32 soft labels in [0, 1], W at least 1; they need not sum to 1
     * @param lambda   [N, W] f32 weights of the labels, finite and at least 0, not renormalised, or null for 1/W
     * @param weights  [N] f32 weights of the rows, finite and at least 0, or null for 1
     * @param evidence how a logit becomes evidence
     * @param klWeight finite and at least 0, already annealed
     * @return new tensors, attached to the caller's {@code PointerScope}
     * @throws IllegalArgumentException if a shape, dtype, device, stride or klWeight is not as above
     * @throws KernelException          if a row holds NaN, +infinity or a value outside its range; names the first such row
     */
    public static Result forward(
            Tensor logits, Tensor targets, Tensor lambda, Tensor weights, Evidence evidence, double klWeight) {
        try (Call call = new Call(logits, targets, lambda, weights, evidence, klWeight)) {
            Result result = call.emptyResult();
            call.args
                    .loss(result.loss.data_ptr_float())
                    .nll(result.nll.data_ptr_float())
                    .kl(result.kl.data_ptr_float());
            int status = call.run();
            KernelArguments.keepAlive(result.loss, result.nll, result.kl, logits, targets, lambda, weights);
            call.device.raise(status, "evidential_forward", call.shape(), call.type);
            return result;
        }
    }

    /**
     * Gradient of {@code sum_n dloss_n loss_n} with respect to the logits; no argument is modified.
     *
     * @param dloss [N] f32, finite; {@code 1/N} for the mean over rows
     * @return dlogits [N, K] f32, dense and new, attached to the caller's {@code PointerScope}
     * @throws IllegalArgumentException as {@link #forward}
     * @throws KernelException          as {@link #forward}, or if dloss is not finite
     */
    public static Tensor backward(
            Tensor dloss,
            Tensor logits,
            Tensor targets,
            Tensor lambda,
            Tensor weights,
            Evidence evidence,
            double klWeight) {
        try (Call call = new Call(logits, targets, lambda, weights, evidence, klWeight)) {
            FloatPointer d = call.device.floats("dloss", dloss, call.rows);
            Tensor dlogits = call.device.emptyFloats(call.rows, call.classes);
            call.args.dlogits(dlogits.data_ptr_float()).dloss(d);
            int status = call.run();
            KernelArguments.keepAlive(dlogits, dloss, logits, targets, lambda, weights);
            call.device.raise(status, "evidential_backward", call.shape(), call.type);
            return dlogits;
        }
    }

    /**
     * {@link #forward} and {@link #backward} at once, which share most of their work; no argument is modified.
     *
     * @param dloss as in the backward; it must be known beforehand, as {@code 1/N} is
     * @return new tensors, attached to the caller's {@code PointerScope}
     * @throws IllegalArgumentException as {@link #forward}
     * @throws KernelException          as {@link #backward}
     */
    public static LossAndGradient forwardBackward(
            Tensor dloss,
            Tensor logits,
            Tensor targets,
            Tensor lambda,
            Tensor weights,
            Evidence evidence,
            double klWeight) {
        try (Call call = new Call(logits, targets, lambda, weights, evidence, klWeight)) {
            FloatPointer d = call.device.floats("dloss", dloss, call.rows);
            Tensor dlogits = call.device.emptyFloats(call.rows, call.classes);
            Result result = call.emptyResult();
            FloatPointer kl = klWeight > 0 ? result.kl.data_ptr_float() : null;
            if (kl == null) {
                result.kl.zero_();
            }
            call.args
                    .loss(result.loss.data_ptr_float())
                    .nll(result.nll.data_ptr_float())
                    .kl(kl)
                    .dlogits(dlogits.data_ptr_float())
                    .dloss(d);
            int status = call.run();
            KernelArguments.keepAlive(
                    result.loss, result.nll, result.kl, dlogits, dloss, logits, targets, lambda, weights);
            call.device.raise(status, "evidential_forward_backward", call.shape(), call.type);
            return new LossAndGradient(result, dlogits);
        }
    }

    /** @throws IllegalArgumentException unless both are as in {@link #forward} */
    static void check(Evidence evidence, double klWeight) {
        if (evidence == null) {
            throw new IllegalArgumentException("evidence: expected EXP, SOFTPLUS or RELU, got null");
        }
        if (!(klWeight >= 0 && klWeight < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("klWeight: expected a finite number of at least 0, got " + klWeight);
        }
    }

    /** The arguments that both directions share, checked. */
    private static final class Call implements AutoCloseable {
        final DeviceCall device;
        final long rows;
        final long labels;
        final long classes;
        final LogitType type;
        /** Without results. */
        final chorus_evidential_args args;

        Call(Tensor logits, Tensor targets, Tensor lambda, Tensor weights, Evidence evidence, double klWeight) {
            check(evidence, klWeight);
            rows = KernelArguments.size("logits", logits, 0, "N", "K");
            classes = logits.size(1);
            labels = KernelArguments.size("targets", targets, 1, "N", "W", "K");
            Place place = Place.of("logits", logits);
            type = KernelArguments.checkLogits(place, "logits", logits, rows, classes);
            args = ARGUMENTS
                    .cleared()
                    .logits(logits.data_ptr())
                    .stride(KernelArguments.rowStride("logits", logits))
                    .targets(KernelArguments.floats(place, "targets", targets, rows, labels, classes))
                    .lambda(lambda == null ? null : KernelArguments.floats(place, "lambda", lambda, rows, labels))
                    .weights(weights == null ? null : KernelArguments.floats(place, "weights", weights, rows))
                    .N(rows)
                    .W(labels)
                    .K(classes)
                    .evidence(evidence.code)
                    .kl_weight(klWeight)
                    .type(type.code);
            // Last: whoever refuses an argument would have to close it.
            device = DeviceCall.at(place);
        }

        int run() {
            return device.isCuda()
                    ? ChorusCudaNative.chorus_cuda_evidential(args, device.fault(), device.stream())
                    : ChorusNative.chorus_evidential(args);
        }

        @Override
        public void close() {
            device.close();
        }

        Result emptyResult() {
            return new Result(device.emptyFloats(rows), device.emptyFloats(rows), device.emptyFloats(rows));
        }

        String shape() {
            return "[N=" + rows + ", W=" + labels + ", K=" + classes + "]";
        }
    }
}
