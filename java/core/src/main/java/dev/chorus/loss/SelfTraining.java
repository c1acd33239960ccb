package dev.chorus.loss;

import dev.chorus.math.Argmax;

/**
 * Mixes the student's own hardened answer into a soft target as training goes on (the "step" losses of the code of
 * arXiv:2406.03199; an analogue of the self-term of its Eq. 5).
 *
 * <pre>{@code
 * t <- (1 - c) t + c onehot(argmax z),  held constant,    c of the ramp
 * }</pre>
 *
 * <p>The sparse form keeps what {@link SparseTokenTarget} promises: every token that is not named stays in the student's own
 * shape.
 *
 * @param ramp c over the course of training
 */
public record SelfTraining(Ramp ramp) {
    /** The evidential loss's ramp in the original code; it jumps there. */
    public static SelfTraining evidential(boolean jump) {
        return new SelfTraining(new Ramp(0.25, 0.25, jump));
    }

    /** The soft-label loss's. */
    public static SelfTraining soft(boolean jump) {
        return new SelfTraining(new Ramp(0.5, 0.25, jump));
    }

    /** The one-hot confidence loss's. */
    public static SelfTraining logconf(boolean jump) {
        return new SelfTraining(new Ramp(0.5, 0.1, jump));
    }

    /**
     * The target of one row with its own answer mixed in.
     *
     * @param target   [K] sums to 1; not modified
     * @param logits   [K]
     * @param fraction share of the steps that were made
     */
    public double[] mix(double[] target, double[] logits, double fraction) {
        return SoftmaxRows.mix(target, SoftmaxRows.oneHot(target.length, Argmax.of(logits)), ramp.at(fraction));
    }

    /**
     * The same for a label token with a score, over a vocabulary that is never laid out.
     *
     * @param label      the label token
     * @param score      s in [0, 1]
     * @param labelProb  the student's probability of the label token
     * @param answer     the student's most probable token
     * @param answerProb its probability
     * @param fraction   share of the steps that were made
     */
    public SparseTokenTarget mix(
            int label, double score, double labelProb, int answer, double answerProb, double fraction) {
        double c = ramp.at(fraction);
        if (answer == label) {
            return SparseTokenTarget.of(label, (1 - c) * score + c);
        }
        // What the answer already has of the rest that keeps the student's shape.
        double rest = 1 - labelProb;
        double share = rest <= 0 ? 0 : Math.min(1, answerProb / rest) * (1 - score);
        return new SparseTokenTarget(new int[] {label, answer}, new double[] {(1 - c) * score, (1 - c) * share + c});
    }

    /**
     * The "confer" rule of the original code: where the student's top probability exceeds the label's score, the weak loss of
     * the token is replaced by c times the cross-entropy against the student's own answer.
     *
     * @param score s in [0, 1]
     * @param top1  the student's largest probability
     */
    public static boolean confers(double score, double top1) {
        return top1 > score;
    }
}
