package dev.chorus.kernels;

import org.bytedeco.pytorch.Tensor;

/** Which distribution t over the vocabulary each of N rows is compared with. */
public sealed interface HeadTarget {
    /**
     * All mass on one token.
     *
     * @param ids [N] int64 in [0, V)
     */
    record Token(Tensor ids) implements HeadTarget {}

    /**
     * Some tokens with their probabilities; the rest of the mass keeps the shape of the student's own softmax p over the other
     * tokens, {@code t_j = p_j (1 - sum s) / (1 - sum p_ids)}, held constant in the gradient (Cui et al., arXiv:2406.03199, the
     * authors' code, which lets the gradient through). Where {@code 1 - sum p_ids} is below 1e-6 the rest is spread evenly.
     *
     * @param ids           [N, k] int64 in [0, V), k from 1 to 64, none twice in a row; -1 is an unused slot
     * @param probabilities s [N, k] f32, at least 0, with a sum of at most 1 in each row
     */
    record Named(Tensor ids, Tensor probabilities) implements HeadTarget {}

    /**
     * A whole distribution.
     *
     * @param probabilities [N, V] f32, at least 0; rows need not sum to 1
     */
    record Dense(Tensor probabilities) implements HeadTarget {}
}
