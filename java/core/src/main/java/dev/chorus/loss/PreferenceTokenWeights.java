package dev.chorus.loss;

import java.util.Arrays;

/**
 * Weights that variants of DPO lay on tokens and pairs; constants of the gradient.
 *
 * <ul>
 *   <li>LD-DPO (Liu et al., arXiv:2409.06411): tokens of the longer answer beyond the shorter one's length count alpha, in
 *       the policy's and in the reference's log-probability.
 *   <li>WPO (Zhou et al., arXiv:2406.11827): a pair counts {@code w_c w_r}, how typical both answers are of the policy, with
 *       {@code w = exp(mean_t (ln pi(y_t) - ln sum_v pi_t(v)^2))}.
 * </ul>
 */
public final class PreferenceTokenWeights {
    private PreferenceTokenWeights() {}

    /**
     * LD-DPO's weights of one answer's tokens.
     *
     * @param length of the answer, in tokens
     * @param other  length of the other answer
     * @param alpha  0 (the excess counts nothing) to 1 (plain DPO)
     * @return [length]
     */
    public static double[] lengthDesensitised(int length, int other, double alpha) {
        if (!(alpha >= 0 && alpha <= 1)) {
            throw new IllegalArgumentException("LD-DPO: expected alpha in [0, 1], got " + alpha);
        }
        double[] weights = new double[length];
        Arrays.fill(weights, 0, Math.min(length, other), 1);
        Arrays.fill(weights, Math.min(length, other), length, alpha);
        return weights;
    }

    /**
     * WPO's weight of one answer.
     *
     * @param logps         [T] log-probabilities of its tokens, nats, T at least 1
     * @param logCollisions [T] {@code ln sum_v pi(v)^2} at each of them
     * @return above 0; 1 where tokens are as probable as two draws of the policy are alike
     */
    public static double wpo(double[] logps, double[] logCollisions) {
        if (logps.length == 0 || logps.length != logCollisions.length) {
            throw new IllegalArgumentException("WPO: expected at least one token and as many collision terms, got "
                    + logps.length + " and " + logCollisions.length);
        }
        double sum = 0;
        for (int t = 0; t < logps.length; t++) {
            sum += logps[t] - logCollisions[t];
        }
        return Math.exp(sum / logps.length);
    }

    /**
     * {@code ln sum_v pi(v)^2} of one row, {@code lse(2 z) - 2 lse(z)}: with the lse of doubled hidden states and bias the logits
     * need not be laid out.
     *
     * @param logits [V]
     */
    public static double logCollision(double[] logits) {
        double[] doubled = Arrays.stream(logits).map(z -> 2 * z).toArray();
        return SoftmaxRows.logSumExp(doubled) - 2 * SoftmaxRows.logSumExp(logits);
    }
}
