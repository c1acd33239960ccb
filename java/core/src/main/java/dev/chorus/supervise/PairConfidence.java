package dev.chorus.supervise;

/**
 * How much an ensemble believes that the chosen text of a preference pair is the better one, as the pair's weight (confidence-weighted
 * preference optimisation) or as the probability that it is the wrong way round (conservative DPO with a flip
 * probability of each pair).
 *
 * <pre>{@code
 * P    = sum_i omega_i sigma((s_ic - s_ir) / T)        s: scores of both texts under weak model i
 * P    = share_c / (share_c + share_r)                 of votes
 * weight = P,   flip = 1 - P
 * }</pre>
 *
 * @param probability P, 0 to 1; below 0.5 the models together lean to the rejected text
 */
public record PairConfidence(double probability) {
    private static final String NAME = "pair confidence";

    /** Refuses what is no probability. */
    public PairConfidence {
        if (!(probability >= 0 && probability <= 1)) {
            throw new IllegalArgumentException(NAME + ": expected a probability, got " + probability);
        }
    }

    /**
     * From each model's scores.
     *
     * @param chosen      [W] mean token log-probabilities of the chosen text, finite
     * @param rejected    [W] of the rejected one
     * @param omega       [W] weights of the models, at least 0, sum 1
     * @param temperature T, above 0, nats a token
     */
    public static PairConfidence ofScores(double[] chosen, double[] rejected, double[] omega, double temperature) {
        ModelWeights.requireSumOne(NAME, omega);
        if (!(temperature > 0)) {
            throw new IllegalArgumentException(NAME + ": expected a temperature above 0, got " + temperature);
        }
        double sum = 0;
        for (int i = 0; i < omega.length; i++) {
            sum += omega[i] / (1 + Math.exp(-(chosen[i] - rejected[i]) / temperature));
        }
        return new PairConfidence(Math.min(1, sum));
    }

    /**
     * From votes.
     *
     * @param chosen   share of the votes for the chosen text, at least 0
     * @param rejected for the rejected one; together above 0
     */
    public static PairConfidence ofShares(double chosen, double rejected) {
        return new PairConfidence(chosen / (chosen + rejected));
    }

    /** The pair's weight. */
    public double weight() {
        return probability;
    }

    /** The probability that the pair is the wrong way round. */
    public double flip() {
        return 1 - probability;
    }
}
