package dev.chorus.aggregate;

import java.util.List;
import java.util.Optional;

/**
 * Preference pairs out of a student's own n-best list, judged by several weak models.
 *
 * <pre>{@code
 * score_h  = sum_w omega_w s_hw        s_hw: mean token log-probability of hypothesis h under weak model w
 * chosen   = argmax_h score_h,   rejected = argmin_h score_h,   margin = score_chosen - score_rejected
 * }</pre>
 *
 * <p>Cui et al., arXiv:2406.03199, the preference stage after teacher forcing. A list that cannot teach anything gives
 * no pair: one hypothesis, two equal texts (their loss would be the constant ln 2), or two equal scores.
 */
public final class PreferencePairs {

    private static final String NAME = "preference pairs";

    private PreferencePairs() {}

    /**
     * A pair of one list.
     *
     * @param chosen   index of the preferred hypothesis
     * @param rejected index of the other
     * @param margin   score of the chosen one less that of the rejected one, above 0, nats a token
     */
    public record Pair(int chosen, int rejected, double margin) {}

    /**
     * Picks the best and the worst hypothesis of a list; the first on ties.
     *
     * @param texts  [H] hypotheses, H at least 1
     * @param scores [H][W] of every hypothesis under every weak model, each finite, higher is better
     * @param omega  [W] weights of the weak models, at least 0, sum to 1
     * @return the pair; empty for a single hypothesis, equal texts or equal scores
     * @throws IllegalArgumentException if shapes disagree, a score is not finite, or the weights do not sum to 1
     */
    public static Optional<Pair> choose(List<String> texts, double[][] scores, double[] omega) {
        LabelerWeights.requireSumOne(NAME, omega, omega.length);
        if (texts.isEmpty() || scores.length != texts.size()) {
            throw new IllegalArgumentException(
                    NAME + ": expected scores of at least one hypothesis, one row a text, got " + scores.length
                            + " rows for " + texts.size() + " texts");
        }
        int chosen = 0;
        int rejected = 0;
        double[] total = new double[scores.length];
        for (int h = 0; h < scores.length; h++) {
            total[h] = weighted(scores[h], omega, h);
            if (total[h] > total[chosen]) {
                chosen = h;
            }
            if (total[h] < total[rejected]) {
                rejected = h;
            }
        }
        double margin = total[chosen] - total[rejected];
        if (margin == 0 || texts.get(chosen).equals(texts.get(rejected))) {
            return Optional.empty();
        }
        return Optional.of(new Pair(chosen, rejected, margin));
    }

    private static double weighted(double[] row, double[] omega, int hypothesis) {
        if (row.length != omega.length) {
            throw new IllegalArgumentException(NAME + ": expected " + omega.length + " scores, one a weak model, got "
                    + row.length + " for hypothesis " + hypothesis);
        }
        double sum = 0;
        for (int w = 0; w < row.length; w++) {
            if (!Double.isFinite(row[w])) {
                throw new IllegalArgumentException(NAME + ": expected finite scores, got " + row[w] + " for hypothesis "
                        + hypothesis + " under weak model " + w);
            }
            sum += omega[w] * row[w];
        }
        return sum;
    }
}
