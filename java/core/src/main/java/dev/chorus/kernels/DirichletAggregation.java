package dev.chorus.kernels;

import dev.chorus.bindings.ChorusCudaNative;
import dev.chorus.bindings.ChorusNative;
import dev.chorus.bindings.ChorusNative.chorus_dirichlet_posterior_args;
import dev.chorus.kernels.KernelArguments.LogitType;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Dirichlet posteriors of many items from the answers of several labelers, and how unsure they are, in one pass.
 *
 * <pre>{@code
 * alpha_nk = prior_k + sum_w v_w [votes_nw = k]              votes
 * alpha_nk = prior_k + sum_w v_w lambda_nw labels_nwk        soft labels
 *
 * S = sum_k alpha_k,   p = alpha / S
 * belief       = (alpha - 1) / S,   variance = p (1 - p) / (S + 1)
 * total        = -sum_k p_k ln p_k
 * expected     = -sum_k p_k (psi(alpha_k + 1) - psi(S + 1))
 * mutual       = total - expected, at least 0
 * differential = sum_k lnGamma(alpha_k) - lnGamma(S) + (S - K) psi(S) - sum_k (alpha_k - 1) psi(alpha_k)
 * epkl         = (K - 1) / S,   vacuity = K / S
 * }</pre>
 *
 * <p>Gelman et al., Bayesian Data Analysis, 3.4; the measures: Malinin and Gales 2018, arXiv:1802.10501, section 3.2 and
 * appendix; belief and vacuity: Sensoy et al. 2018, arXiv:1806.01768, section 3. Arithmetic is in double, in forms that do
 * not cancel where S is large; results are rounded to f32 once.
 *
 * <p>An answer of weight 0 (v or lambda) is not looked at; that is how a missing soft label is left out. A row of weight 0
 * is not looked at either: its label is -1, its other results are 0. There is no gradient.
 */
public final class DirichletAggregation {
    private static final Arguments<chorus_dirichlet_posterior_args> ARGUMENTS =
            new Arguments<>(chorus_dirichlet_posterior_args::new);

    private DirichletAggregation() {}

    /** What can be asked for; only that is computed. Entropies are in nats. */
    public enum Output {
        /** Concentrations alpha, [N, K] f32. */
        ALPHA,
        /** Expected class probabilities p, [N, K] f32. */
        PREDICTIVE,
        /** Belief in every class, [N, K] f32; negative where a concentration is below 1. */
        BELIEF,
        /** Variance of every class probability, [N, K] f32. */
        VARIANCE,
        /** The most probable class, the lowest on ties, [N] int64; -1 for a row of weight 0. */
        LABEL,
        /** Entropy of p, [N] f32. */
        TOTAL,
        /** Expected entropy of the class distribution, [N] f32: doubt that more votes would not remove. */
        EXPECTED,
        /** Mutual information of label and class distribution, [N] f32: doubt that more votes would remove. */
        MUTUAL_INFORMATION,
        /** Differential entropy of the Dirichlet density, [N] f32; may be negative. */
        DIFFERENTIAL_ENTROPY,
        /** Expected pairwise Kullback-Leibler divergence, [N] f32. */
        EPKL,
        /** Vacuity, [N] f32; 1 without evidence under a prior of ones. */
        VACUITY
    }

    /**
     * What was asked for; the caller owns the tensors.
     *
     * @param tensors by output; not modifiable
     */
    public record Result(Map<Output, Tensor> tensors) {
        /** Copies the map. */
        public Result {
            tensors = Map.copyOf(tensors);
        }

        /**
         * One of the results.
         *
         * @throws IllegalArgumentException if it was not asked for
         */
        public Tensor get(Output output) {
            Tensor tensor = tensors.get(output);
            if (tensor == null) {
                throw new IllegalArgumentException(output + " was not asked for, only " + tensors.keySet());
            }
            return tensor;
        }
    }

    /**
     * Posteriors of hard votes; no argument is modified.
     *
     * @param votes          [N, W] int64, contiguous, K and W at least 1: a class in [0, K), or -1 for no answer
     * @param labelerWeights [W] f32, finite and at least 0: the number of votes that a labeler's vote counts for; or null
     *                       for 1
     * @param prior          [K] f32, finite and above 0
     * @param weights        [N] f32, finite and at least 0, of which only the zeros matter; or null for 1
     * @param wanted         what to compute
     * @return new tensors, attached to the caller's {@code PointerScope}
     * @throws IllegalArgumentException if a shape, dtype, device or layout is not as above
     * @throws KernelException          if a vote, a weight or the prior is out of range; names the first such row
     */
    public static Result ofVotes(
            Tensor votes, Tensor labelerWeights, Tensor prior, Tensor weights, Set<Output> wanted) {
        long rows = KernelArguments.size("votes", votes, 0, "N", "W");
        long labelers = votes.size(1);
        try (DeviceCall call = DeviceCall.at("votes", votes)) {
            call.check("votes", votes, ScalarType.Long, rows, labelers);
            KernelArguments.requireContiguous("votes", votes);
            long classes = KernelArguments.size("prior", prior, 0, "K");
            FloatPointer priorData = call.floats("prior", prior, classes);
            FloatPointer labelerData = call.floatsOrNull("labelerWeights", labelerWeights, labelers);
            FloatPointer weightData = call.floatsOrNull("weights", weights, rows);
            Outputs out = new Outputs(call, wanted, rows, classes);
            out.args
                    .answers(votes.data_ptr())
                    .labeler_weights(labelerData)
                    .prior(priorData)
                    .weights(weightData)
                    .W(labelers)
                    .type(ChorusNative.CHORUS_TYPE_I64);
            int status = out.run();
            KernelArguments.keepAlive(votes, labelerWeights, prior, weights);
            return out.result(status, labelers, LogitType.F32);
        }
    }

    /**
     * Posteriors of soft labels; no argument is modified.
     *
     * @param labels         [N, W, K] f32 or bf16, contiguous, in [0, 1], W and K at least 1; they need not sum to 1
     * @param lambda         [N, W] f32, finite and at least 0, 0 for a missing answer; or null for 1
     * @param labelerWeights [W] f32 as for votes; or null for 1
     * @param prior          [K] f32, finite and above 0
     * @param weights        [N] f32 as for votes; or null for 1
     * @param wanted         what to compute
     * @return new tensors, attached to the caller's {@code PointerScope}
     * @throws IllegalArgumentException if a shape, dtype, device or layout is not as above
     * @throws KernelException          if a label, a weight or the prior is out of range; names the first such row
     */
    public static Result ofSoftLabels(
            Tensor labels, Tensor lambda, Tensor labelerWeights, Tensor prior, Tensor weights, Set<Output> wanted) {
        long rows = KernelArguments.size("labels", labels, 0, "N", "W", "K");
        long labelers = labels.size(1);
        long classes = labels.size(2);
        try (DeviceCall call = DeviceCall.at("labels", labels)) {
            LogitType type = call.checkLogits("labels", labels, rows, labelers, classes);
            KernelArguments.requireContiguous("labels", labels);
            FloatPointer lambdaData = call.floatsOrNull("lambda", lambda, rows, labelers);
            FloatPointer priorData = call.floats("prior", prior, classes);
            FloatPointer labelerData = call.floatsOrNull("labelerWeights", labelerWeights, labelers);
            FloatPointer weightData = call.floatsOrNull("weights", weights, rows);
            Outputs out = new Outputs(call, wanted, rows, classes);
            out.args
                    .answers(labels.data_ptr())
                    .lambda(lambdaData)
                    .labeler_weights(labelerData)
                    .prior(priorData)
                    .weights(weightData)
                    .W(labelers)
                    .type(type.code);
            int status = out.run();
            KernelArguments.keepAlive(labels, lambda, labelerWeights, prior, weights);
            return out.result(status, labelers, type);
        }
    }

    /** The tensors that are wanted, and the call's arguments with them and without the answers. */
    private static final class Outputs {
        final Map<Output, Tensor> tensors = new EnumMap<>(Output.class);
        final DeviceCall call;
        final long rows;
        final long classes;
        final chorus_dirichlet_posterior_args args;

        Outputs(DeviceCall call, Set<Output> wanted, long rows, long classes) {
            this.call = call;
            this.rows = rows;
            this.classes = classes;
            for (Output output : wanted) {
                tensors.put(
                        output,
                        switch (output) {
                            case ALPHA, PREDICTIVE, BELIEF, VARIANCE -> call.emptyFloats(rows, classes);
                            case LABEL -> call.emptyLongs(rows);
                            default -> call.emptyFloats(rows);
                        });
            }
            Tensor label = tensors.get(Output.LABEL);
            args = ARGUMENTS
                    .cleared()
                    .alpha(floats(Output.ALPHA))
                    .p(floats(Output.PREDICTIVE))
                    .belief(floats(Output.BELIEF))
                    .variance(floats(Output.VARIANCE))
                    .label(label == null ? null : label.data_ptr_long())
                    .total(floats(Output.TOTAL))
                    .expected(floats(Output.EXPECTED))
                    .mutual(floats(Output.MUTUAL_INFORMATION))
                    .differential(floats(Output.DIFFERENTIAL_ENTROPY))
                    .epkl(floats(Output.EPKL))
                    .vacuity(floats(Output.VACUITY))
                    .N(rows)
                    .K(classes);
        }

        private FloatPointer floats(Output output) {
            Tensor tensor = tensors.get(output);
            return tensor == null ? null : tensor.data_ptr_float();
        }

        int run() {
            return call.isCuda()
                    ? ChorusCudaNative.chorus_cuda_dirichlet_posterior(args, call.fault(), call.stream())
                    : ChorusNative.chorus_dirichlet_posterior(args);
        }

        Result result(int status, long labelers, LogitType type) {
            KernelArguments.keepAlive(tensors.values().toArray(Tensor[]::new));
            call.raise(status, "dirichlet_posterior", "[N=" + rows + ", W=" + labelers + ", K=" + classes + "]", type);
            return new Result(tensors);
        }
    }
}
