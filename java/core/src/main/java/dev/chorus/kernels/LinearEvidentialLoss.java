package dev.chorus.kernels;

import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.kernels.EvidentialLoss.Result;
import dev.chorus.torch.Tensors;
import org.bytedeco.pytorch.Tensor;

/**
 * {@link EvidentialTokenLoss} from hidden states, without ever holding the [N, V] logits: the Bayesian multi-weak loss of tokens
 * (Cui et al., arXiv:2406.03199) over a vocabulary of any size.
 *
 * <p>Rows, chunks, dtypes and gradients are those of {@link LinearLogProb}; the loss and what it refuses are those of
 * {@link EvidentialTokenLoss}. The head is a weight alone: no bias, scale or soft cap.
 */
public final class LinearEvidentialLoss {
    private LinearEvidentialLoss() {}

    /**
     * Results and gradients of one pass.
     *
     * @param result  loss, nll and kl, each [N] f32 in nats; rows of weight 0 are 0
     * @param dhidden [N, C] in the dtype of the hidden states; rows of weight 0 are 0
     */
    public record Gradients(Result result, Tensor dhidden) {}

    /**
     * The loss of each row.
     *
     * @param hidden        h [N, C], f32 or bf16, or f16 on a GPU, where all other tensors then are
     * @param head          its weight has hidden's dtype
     * @param ids           [N, k] int64 in [0, V), each at most once a row, or -1 for an unused slot
     * @param probabilities [N, k] f32 in [0, 1], of a sum of at most 1 a row
     * @param weights       [N] f32, finite and at least 0, or null for 1
     * @param evidence      how a logit becomes evidence
     * @param klWeight      finite and at least 0, already annealed
     * @param budget        bytes that may be allocated beside the results
     * @return new tensors, attached to the caller's {@code PointerScope}
     * @throws IllegalArgumentException if an argument is not as above, or one row does not fit into the budget
     * @throws KernelException          as {@link EvidentialTokenLoss#forward}; names the row
     */
    public static Result forward(
            Tensor hidden,
            LanguageHead head,
            Tensor ids,
            Tensor probabilities,
            Tensor weights,
            Evidence evidence,
            double klWeight,
            long budget) {
        try (Tensors.GradientMode mode = Tensors.withoutGradients()) {
            Step step = new Step(hidden, head, ids, probabilities, weights, null, evidence, klWeight);
            return result(new HeadChunks(hidden, head, weights, step, false, budget).forward());
        }
    }

    /**
     * The loss of each row and the gradients of {@code sum_n dloss_n loss_n}: three matrix products in all.
     *
     * @param hidden       as in {@link #forward}, and so are the others
     * @param dloss        [N] f32, finite; it must be known beforehand, as {@code 1/N} is
     * @param accumulators gradients of the head's weight are added here; null if it is not trained
     * @throws IllegalArgumentException as {@link #forward}
     * @throws KernelException          as {@link #forward}, or if dloss is not finite
     */
    public static Gradients forwardBackward(
            Tensor hidden,
            LanguageHead head,
            Tensor ids,
            Tensor probabilities,
            Tensor weights,
            Tensor dloss,
            Evidence evidence,
            double klWeight,
            HeadGradients accumulators,
            long budget) {
        try (Tensors.GradientMode mode = Tensors.withoutGradients()) {
            if (dloss == null) {
                throw new IllegalArgumentException("dloss: expected a tensor, got null");
            }
            Step step = new Step(hidden, head, ids, probabilities, weights, dloss, evidence, klWeight);
            HeadChunks chunks = new HeadChunks(hidden, head, weights, step, true, budget);
            Tensor dhidden = chunks.emptyHiddenGradient();
            return new Gradients(result(chunks.forwardBackward(dhidden, accumulators)), dhidden);
        }
    }

    private static Result result(Tensor rows) {
        return new Result(rows.select(0, 0), rows.select(0, 1), rows.select(0, 2));
    }

    /** The kernel between the products of a chunk. */
    private static final class Step implements HeadChunks.Step {
        private final Tensor ids;
        private final Tensor probabilities;
        private final Tensor weights;
        private final Tensor dloss;
        private final Evidence evidence;
        private final double klWeight;

        Step(
                Tensor hidden,
                LanguageHead head,
                Tensor ids,
                Tensor probabilities,
                Tensor weights,
                Tensor dloss,
                Evidence evidence,
                double klWeight) {
            if (head.bias() != null || head.scale() != 1 || head.softCap() != 0) {
                throw new IllegalArgumentException(
                        "head: expected a weight alone, got one with a bias, a scale or a soft cap");
            }
            long rows = HeadChunks.rows(hidden);
            Place place = Place.of("hidden", hidden);
            EvidentialTokenLoss.checkLabels(place, ids, probabilities, rows);
            if (dloss != null) {
                KernelArguments.floats(place, "dloss", dloss, rows);
            }
            EvidentialLoss.check(evidence, klWeight);
            this.ids = ids;
            this.probabilities = probabilities;
            this.weights = weights;
            this.dloss = dloss;
            this.evidence = evidence;
            this.klWeight = klWeight;
        }

        @Override
        public String op() {
            return "evidential_token";
        }

        @Override
        public int results() {
            return 3;
        }

        @Override
        public long bytesOfCopies() {
            return ids.size(1) * (Long.BYTES + Float.BYTES);
        }

        @Override
        public void compute(HeadChunks.Chunk chunk, Tensor logits, Tensor out) {
            Result result = EvidentialTokenLoss.run(
                    chunk.pick(dloss),
                    logits,
                    chunk.pick(ids),
                    chunk.pick(probabilities),
                    chunk.pick(weights),
                    chunk.names(),
                    evidence,
                    klWeight);
            out.select(0, 0).copy_(result.loss());
            out.select(0, 1).copy_(result.nll());
            out.select(0, 2).copy_(result.kl());
        }
    }
}
