package dev.chorus.loss;

/**
 * Kahneman-Tversky optimisation on pairs, the variant of the preference stage in the code of arXiv:2406.03199 (Ethayarajh et al.,
 * arXiv:2402.01306).
 *
 * <pre>{@code
 * c, r = log pi - log ref of the chosen and rejected answers
 * L = mean over both of  1 - sigma(beta (c - KL))  and  1 - sigma(beta (KL - r))        KL held constant
 * }</pre>
 *
 * @param beta strength of the pull towards the reference, above 0
 */
public record KtoLoss(double beta) {
    /** Refuses a beta that is not above 0. */
    public KtoLoss {
        if (!(beta > 0 && beta < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("KTO: expected a finite beta above 0, got " + beta);
        }
    }

    /**
     * What pairs give.
     *
     * @param losses    [P]
     * @param dchosen   [P] derivative of each pair's loss by its c
     * @param drejected [P] by its r
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Value(double[] losses, double[] dchosen, double[] drejected) {}

    /**
     * Each pair's loss.
     *
     * @param chosen   c [P], nats
     * @param rejected r [P]
     * @param kl       the policy's divergence from the reference, at least 0, nats: an estimate that is held constant
     */
    public Value of(double[] chosen, double[] rejected, double kl) {
        if (chosen.length != rejected.length || !(kl >= 0)) {
            throw new IllegalArgumentException(
                    "KTO: expected as many rejected as chosen answers and a KL of at least 0, got " + chosen.length
                            + ", " + rejected.length + " and " + kl);
        }
        int pairs = chosen.length;
        Value value = new Value(new double[pairs], new double[pairs], new double[pairs]);
        for (int p = 0; p < pairs; p++) {
            double up = EvidenceRow.sigma(beta * (chosen[p] - kl));
            double down = EvidenceRow.sigma(beta * (kl - rejected[p]));
            value.losses[p] = 0.5 * (1 - up) + 0.5 * (1 - down);
            value.dchosen[p] = -0.5 * beta * up * (1 - up);
            value.drejected[p] = 0.5 * beta * down * (1 - down);
        }
        return value;
    }
}
