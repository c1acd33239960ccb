package dev.chorus.kernels;

import dev.chorus.bindings.ChorusCudaNative;
import dev.chorus.bindings.ChorusNative;
import dev.chorus.bindings.ChorusNative.chorus_evidential_token_args;
import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.kernels.EvidentialLoss.Result;
import dev.chorus.kernels.KernelArguments.LogitType;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Evidential loss of tokens: {@link EvidentialLoss} over a vocabulary, against a label that names a few likely tokens and
 * leaves the rest in the model's own shape.
 *
 * <pre>{@code
 * y_id = s_id                                                          for the named tokens
 * y_j  = p_j (1 - sum s) / (1 - sum_ids p),   p = softmax(z)           for the others
 * loss_n = w_n (NLL(z, y) + klWeight KL(z, y))
 * }</pre>
 *
 * <p>Cui et al., arXiv:2406.03199, in the form of the authors' code. Differs from it: y is held constant in the gradient,
 * and the KL term is neither clamped nor computed in f32. Where {@code 1 - sum_ids p < 1e-6}, or with exp evidence no logit
 * is above -600, the rest of the mass is spread evenly over the other tokens.
 *
 * <p>Rows are tokens, without padding. A row is read several times, from the second-level cache if its logits fit there.
 * Arithmetic is in double; results are rounded to f32 once, the gradient of bf16 logits to bf16.
 *
 * <p>A row of weight 0 is not looked at: it may hold anything, and gives 0 everywhere.
 */
public final class EvidentialTokenLoss {
    private static final Arguments<chorus_evidential_token_args> ARGUMENTS =
            new Arguments<>(chorus_evidential_token_args::new);

    private EvidentialTokenLoss() {}

    /**
     * Computes the loss of each row; no argument is modified.
     *
     * @param logits        [N, V] f32 or bf16, V at least 1, rows may be strided; -infinity is no evidence
     * @param ids           [N, k] int64 in [0, V), each at most once a row, or -1 for an unused slot; k at least 1
     * @param probabilities [N, k] f32 in [0, 1], of a sum of at most 1 a row; what an unused slot holds does not matter
     * @param weights       [N] f32, finite and at least 0, or null for 1
     * @param evidence      how a logit becomes evidence
     * @param klWeight      finite and at least 0, already annealed
     * @return new tensors, attached to the caller's {@code PointerScope}; kl is 0 if klWeight is, where it is not computed
     * @throws IllegalArgumentException if a shape, dtype, device, stride or klWeight is not as above
     * @throws KernelException          if a row holds NaN, +infinity or a value outside its range; names the first such row
     */
    public static Result forward(
            Tensor logits, Tensor ids, Tensor probabilities, Tensor weights, Evidence evidence, double klWeight) {
        return run(null, logits, ids, probabilities, weights, null, evidence, klWeight);
    }

    /**
     * As {@link #forward}, and turns the logits into the gradient of {@code sum_n dloss_n loss_n} with respect to them.
     *
     * <p>Autograd is not told: logits must not be a tensor that a later {@code backward} reads.
     *
     * @param dloss  [N] f32, finite; it must be known beforehand, as {@code 1/N} is
     * @param logits as in the forward; overwritten. Strided rows keep what lies between them
     * @throws IllegalArgumentException as {@link #forward}
     * @throws KernelException          as {@link #forward}, or if dloss is not finite; logits then hold nothing of use, as
     *                                  rows before the bad one may have become gradients
     */
    public static Result forwardBackwardInPlace(
            Tensor dloss,
            Tensor logits,
            Tensor ids,
            Tensor probabilities,
            Tensor weights,
            Evidence evidence,
            double klWeight) {
        long rows = KernelArguments.size("logits", logits, 0, "N", "V");
        KernelArguments.floats(Place.of("logits", logits), "dloss", dloss, rows);
        return run(dloss, logits, ids, probabilities, weights, null, evidence, klWeight);
    }

    /** Both directions; dloss, weights and the rows' names in messages [N] may be null. */
    static Result run(
            Tensor dloss,
            Tensor logits,
            Tensor ids,
            Tensor probabilities,
            Tensor weights,
            Tensor names,
            Evidence evidence,
            double klWeight) {
        long rows = KernelArguments.size("logits", logits, 0, "N", "V");
        long vocabulary = logits.size(1);
        long named = KernelArguments.size("ids", ids, 1, "N", "k");
        EvidentialLoss.check(evidence, klWeight);
        try (DeviceCall call = DeviceCall.at("logits", logits)) {
            LogitType type = call.checkLogits("logits", logits, rows, vocabulary);
            long stride = KernelArguments.rowStride("logits", logits);
            checkLabels(Place.of("logits", logits), ids, probabilities, rows);
            FloatPointer w = call.floatsOrNull("weights", weights, rows);
            FloatPointer d = call.floatsOrNull("dloss", dloss, rows);

            Tensor loss = call.emptyFloats(rows);
            Tensor nll = call.emptyFloats(rows);
            Tensor kl = call.emptyFloats(rows);
            FloatPointer klOrNull = klWeight > 0 ? kl.data_ptr_float() : null;
            if (klOrNull == null) {
                kl.zero_();
            }
            chorus_evidential_token_args args = ARGUMENTS
                    .cleared()
                    .loss(loss.data_ptr_float())
                    .nll(nll.data_ptr_float())
                    .kl(klOrNull)
                    .logits(logits.data_ptr())
                    .dloss(d)
                    .ids(ids.data_ptr_long())
                    .probabilities(probabilities.data_ptr_float())
                    .weights(w)
                    .row_names(names == null ? null : names.data_ptr_long())
                    .N(rows)
                    .V(vocabulary)
                    .k(named)
                    .stride(stride)
                    .evidence(evidence.code)
                    .kl_weight(klWeight)
                    .type(type.code);
            int status = call.isCuda()
                    ? ChorusCudaNative.chorus_cuda_evidential_token(args, call.fault(), call.stream())
                    : ChorusNative.chorus_evidential_token(args);
            KernelArguments.keepAlive(loss, nll, kl, dloss, logits, ids, probabilities, weights, names);
            call.raise(status, "evidential_token", "[N=" + rows + ", V=" + vocabulary + ", k=" + named + "]", type);
            return new Result(loss, nll, kl);
        }
    }

    /** Ids [N, k] and their probabilities. */
    static void checkLabels(Place place, Tensor ids, Tensor probabilities, long rows) {
        long named = KernelArguments.size("ids", ids, 1, "N", "k");
        KernelArguments.check(place, "ids", ids, ScalarType.Long, rows, named);
        KernelArguments.requireContiguous("ids", ids);
        KernelArguments.floats(place, "probabilities", probabilities, rows, named);
    }
}
