package dev.chorus.supervise;

import dev.chorus.math.Argmax;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Joint decoding: all weak models agree on one target (Cui et al., arXiv:2406.03199). Their n-best lists are pooled, each
 * candidate is scored by each model under teacher forcing, and the best weighted score wins.
 *
 * <pre>{@code
 * generation:      score_c = sum_i omega_i S_ci         S_ci: mean log-probability a token of candidate c under model i,
 *                                                       the end of sequence left out
 * classification:  score_k = sum_i omega_i ln y_ik
 * }</pre>
 *
 * <p>Ties go to the first. With one model the target is the winner of its own list, scored anew.
 *
 * @param winner index of the best candidate or class
 * @param scores of all of them, nats
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record JointChoice(int winner, double[] scores) {
    private static final String NAME = "joint decoding";

    /** A class that a model excludes costs it as much as one of this probability: about 69 nats, not infinity. */
    private static final double LEAST_PROBABILITY = 1e-30;

    /**
     * One text of the pool.
     *
     * @param text  the text
     * @param model the weak model that produced it first, whose token scores the target takes
     * @param rank  its place in that model's list
     */
    public record Candidate(String text, int model, int rank) {}

    /**
     * Pools the models' lists; of equal texts the first is kept.
     *
     * @param lists [W] texts of each model, best first
     */
    public static List<Candidate> pool(List<List<String>> lists) {
        List<Candidate> pool = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (int model = 0; model < lists.size(); model++) {
            List<String> texts = lists.get(model);
            for (int rank = 0; rank < texts.size(); rank++) {
                if (seen.add(texts.get(rank))) {
                    pool.add(new Candidate(texts.get(rank), model, rank));
                }
            }
        }
        return pool;
    }

    /**
     * The best candidate.
     *
     * @param scores S [C][W], C at least 1, each finite
     * @param omega  [W] weights of the models, at least 0, sum 1
     */
    public static JointChoice of(double[][] scores, double[] omega) {
        ModelWeights.requireSumOne(NAME, omega);
        if (scores.length == 0) {
            throw new IllegalArgumentException(NAME + ": expected at least one candidate, got none");
        }
        double[] sums = new double[scores.length];
        for (int c = 0; c < sums.length; c++) {
            if (scores[c].length != omega.length) {
                throw new IllegalArgumentException(NAME + ": expected a score of each of " + omega.length
                        + " models, got " + scores[c].length + " for candidate " + c);
            }
            for (int i = 0; i < omega.length; i++) {
                if (!Double.isFinite(scores[c][i])) {
                    throw new IllegalArgumentException(NAME + ": expected finite scores, got " + scores[c][i]
                            + " of model " + i + " for candidate " + c);
                }
                sums[c] += omega[i] * scores[c][i];
            }
        }
        return new JointChoice(Argmax.of(sums), sums);
    }

    /**
     * The best class: the weighted geometric mean of the models' soft labels decides.
     *
     * @param labels [W][K] soft labels; a null row is a missing answer, which drops out
     * @param omega  [W] weights of the models, at least 0, sum 1
     * @throws IllegalArgumentException if no model answered
     */
    public static JointChoice ofClasses(double[][] labels, double[] omega) {
        ModelWeights.requireSumOne(NAME, omega);
        double[] sums = null;
        for (int i = 0; i < omega.length; i++) {
            if (labels[i] == null) {
                continue;
            }
            sums = sums == null ? new double[labels[i].length] : sums;
            for (int k = 0; k < sums.length; k++) {
                sums[k] += omega[i] * Math.log(Math.max(labels[i][k], LEAST_PROBABILITY));
            }
        }
        if (sums == null) {
            throw new IllegalArgumentException(NAME + ": expected the answer of at least one model, got none");
        }
        return new JointChoice(Argmax.of(sums), sums);
    }
}
