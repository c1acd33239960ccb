package dev.chorus.model.family;

import java.util.List;

/**
 * What a decoder is made of: everything that its computation depends on besides the weights. A {@link Family} reads it from a
 * {@code config.json}; one {@link dev.chorus.model.Decoder} builds every combination.
 *
 * @param vocabSize  V, rows of the token embedding
 * @param width      C, channels of the residual stream
 * @param maxTokens  longest sequence that the weights were made for; a hard limit where positions are learned
 * @param embedding  how token ids become the residual stream
 * @param attention  heads, positions, masks
 * @param mlp        the feed-forward part
 * @param norm       every norm of the model
 * @param order      where norms and residual additions stand in a block
 * @param finalNorm  whether a norm stands behind the last block
 * @param head       from hidden states to logits
 * @param transposed whether dense weights are stored [in, out] (GPT-2's "Conv1D") instead of [out, in]
 * @param windows    [layers] how many positions a query sees, its own included; 0 for all before it
 * @param labels     classes of a classification head, 0 for a language model
 */
public record Architecture(
        int vocabSize,
        int width,
        int maxTokens,
        Embedding embedding,
        Attention attention,
        Mlp mlp,
        Norm norm,
        BlockOrder order,
        boolean finalNorm,
        Head head,
        boolean transposed,
        List<Integer> windows,
        int labels) {

    /** Layers. */
    public int layers() {
        return windows.size();
    }

    /** Tokens that a sequence may have at most; beyond {@link #maxTokens} rotary and ALiBi models still run. */
    public int hardLimit() {
        return attention.positions() instanceof Positions.Learned ? maxTokens : Integer.MAX_VALUE;
    }

    /** The same with another classification head. */
    public Architecture withLabels(int count) {
        return new Architecture(
                vocabSize,
                width,
                maxTokens,
                embedding,
                attention,
                mlp,
                norm,
                order,
                finalNorm,
                head,
                transposed,
                windows,
                count);
    }

    /**
     * Token embedding.
     *
     * @param width channels of the table; where it is not C, a projection without bias stands behind it, and another one
     *              before the head (OPT-350m)
     * @param scale factor on the looked-up row (Gemma: sqrt(C)), 1 for none
     * @param norm  whether a norm stands behind it (BLOOM)
     */
    public record Embedding(int width, double scale, boolean norm) {}

    /**
     * Attention.
     *
     * @param heads           H query heads
     * @param keyHeads        G key-value heads, a divisor of H: grouped-query attention (Ainslie et al., arXiv:2305.13245)
     * @param headWidth       d
     * @param scale           factor on q.k, usually d^-1/2
     * @param scaleByLayer    whether layer i divides the scale by i + 1 (GPT-2's option)
     * @param softCap         scores become cap tanh(score / cap) (Gemma 2, arXiv:2408.00118); 0 for none
     * @param qkvBias         on the query, key and value projections
     * @param outBias         on the output projection
     * @param headNorm        RMS norm over the channels of each query and key head (Qwen 3)
     * @param layout          how the three projections are stored
     * @param positions       how a token knows its place
     */
    public record Attention(
            int heads,
            int keyHeads,
            int headWidth,
            double scale,
            boolean scaleByLayer,
            double softCap,
            boolean qkvBias,
            boolean outBias,
            boolean headNorm,
            QkvLayout layout,
            Positions positions) {

        /** The scale of one layer. */
        public double scale(int layer) {
            return scaleByLayer ? scale / (layer + 1) : scale;
        }

        /** Outputs of the query projection, H d. */
        public int queryWidth() {
            return heads * headWidth;
        }

        /** Outputs of the key projection, G d. */
        public int keyWidth() {
            return keyHeads * headWidth;
        }
    }

    /** How query, key and value projections are stored. */
    public enum QkvLayout {
        /** Three matrices. */
        SEPARATE,
        /** One matrix: all queries, then all keys, then all values (GPT-2, Phi-3). */
        JOINED,
        /** One matrix: query, key and value of the first head, then of the second (GPT-NeoX, BLOOM). */
        PER_HEAD
    }

    /**
     * Feed-forward part: {@code down(act(up(x)))}, or gated {@code down(act(gate(x)) * up(x))} (Shazeer, arXiv:2002.05202).
     *
     * @param inner      channels between
     * @param gated      whether there is a gate
     * @param joined     whether gate and up are one matrix, the gate first (Phi-3)
     * @param bias       on all of its projections
     * @param activation act
     */
    public record Mlp(int inner, boolean gated, boolean joined, boolean bias, Activation activation) {}

    /**
     * A norm over the channels.
     *
     * @param rms     RMS norm (Zhang and Sennrich, arXiv:1910.07467) in place of layer norm (Ba et al., arXiv:1607.06450)
     * @param epsilon added to the mean square or the variance
     * @param affine  whether it has a weight, and layer norm a bias
     * @param offset  added to the stored weight (Gemma: 1)
     */
    public record Norm(boolean rms, double epsilon, boolean affine, double offset) {
        /** Whether it has a bias. */
        public boolean bias() {
            return affine && !rms;
        }
    }

    /** Where the norms of a block stand; a is attention, m the feed-forward part. */
    public enum BlockOrder {
        /** y = x + a(n1(x)); y + m(n2(y)). */
        PRE,
        /** y = n1(x + a(x)); n2(y + m(y)) (OPT-350m). */
        POST,
        /** x + a(n1(x)) + m(n2(x)) (GPT-NeoX). */
        PARALLEL,
        /** y = x + n2(a(n1(x))); y + n4(m(n3(y))) (Gemma 2). */
        SANDWICH,
        /** h = n1(x), y = h + a(h); g = n2(y), g + m(g) (BLOOM's option). */
        NORMED_RESIDUAL
    }

    /**
     * The language-model head.
     *
     * @param tied    whether its weight is the token embedding
     * @param softCap logits become cap tanh(z / cap); 0 for none
     */
    public record Head(boolean tied, double softCap) {}
}
