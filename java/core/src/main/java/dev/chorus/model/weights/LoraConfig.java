package dev.chorus.model.weights;

import java.util.List;

/**
 * A low-rank adapter (Hu et al., arXiv:2106.09685): the projection {@code y = W x + b} becomes
 * {@code W x + b + scale B A drop(x)} with A [rank, in] and B [out, rank]; only A and B are trained.
 *
 * @param rank             of the added matrix, at least 1
 * @param alpha            scale is alpha / rank
 * @param dropout          share of x's elements that a training step drops, 0 to below 1
 * @param targets          modules by the end of their names, such as {@code q_proj}; {@code all-linear} for every projection of
 *                         the blocks; empty for what the family usually adapts
 * @param rankStabilised   scale is alpha / sqrt(rank) instead (Kalajdzievski, arXiv:2312.03732)
 */
public record LoraConfig(int rank, double alpha, double dropout, List<String> targets, boolean rankStabilised) {
    /** Stands for every projection of the blocks. */
    public static final String ALL = "all-linear";

    /** Refuses what no adapter can have. */
    public LoraConfig {
        if (rank < 1) {
            throw new IllegalArgumentException("rank: expected at least 1, got " + rank);
        }
        if (!(alpha > 0) || Double.isInfinite(alpha)) {
            throw new IllegalArgumentException("alpha: expected a number above 0, got " + alpha);
        }
        if (!(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException("dropout: expected a number from 0 to below 1, got " + dropout);
        }
        targets = List.copyOf(targets);
    }

    /** With the family's usual modules, alpha twice the rank, no dropout. */
    public static LoraConfig of(int rank) {
        return new LoraConfig(rank, 2.0 * rank, 0, List.of(), false);
    }

    /** Factor on B A x. */
    public double scale() {
        return alpha / (rankStabilised ? Math.sqrt(rank) : rank);
    }
}
