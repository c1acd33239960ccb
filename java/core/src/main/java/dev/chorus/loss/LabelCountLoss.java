package dev.chorus.loss;

import static dev.chorus.math.SpecialFunctions.digamma;
import static dev.chorus.math.SpecialFunctions.lnGamma;

import dev.chorus.kernels.EvidentialLoss.Evidence;

/**
 * Evidential losses of hard votes: how many labelers chose each class (EDL* of Wu et al., arXiv:2402.12862; the exact marginal
 * is the Dirichlet-multinomial).
 *
 * <pre>{@code
 * m_k votes for class k,  M = sum_k m_k,  ybar = m / M,  alpha = act(z) + 1,  S = sum_k alpha_k
 * nll    = sum_k m_k (ln S - ln alpha_k)                                                   as if votes were drawn one by one
 * joint  = -[lnGamma(S) - lnGamma(S + M) + sum_k lnGamma(alpha_k + m_k) - lnGamma(alpha_k)]   all votes from one draw
 * r1     = KL(Dir(1 + (1 - ybar) (alpha - 1)) || Dir(1))
 * r2     = KL(ybar || alpha / S)
 * L      = nll or joint + r1Weight annealed r1 + r2Weight annealed r2
 * }</pre>
 *
 * <p>An item without votes has loss and gradient 0.
 *
 * @param evidence how logits become evidence
 * @param joint    whether the votes' exact marginal takes the place of nll
 * @param r1Weight at least 0
 * @param r2Weight at least 0
 */
public record LabelCountLoss(Evidence evidence, boolean joint, double r1Weight, double r2Weight) {
    private static final String NAME = "label-count loss";

    /** Refuses weights below 0. */
    public LabelCountLoss {
        if (!(r1Weight >= 0 && r1Weight < Double.POSITIVE_INFINITY)
                || !(r2Weight >= 0 && r2Weight < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    NAME + ": expected finite weights of at least 0, got r1 " + r1Weight + ", r2 " + r2Weight);
        }
    }

    /**
     * Each row's loss and gradient.
     *
     * @param logits   [B][K] finite
     * @param counts   [B][K] votes, at least 0; fractions are allowed
     * @param annealed share of the regularisers in force, 0 to 1
     */
    public RowLosses of(double[][] logits, double[][] counts, double annealed) {
        if (counts.length != logits.length) {
            throw new IllegalArgumentException(
                    NAME + ": expected counts of " + logits.length + " rows, got " + counts.length);
        }
        double[] losses = new double[logits.length];
        double[][] gradients = new double[logits.length][];
        for (int n = 0; n < losses.length; n++) {
            SoftmaxRows.checkLogits(NAME, logits[n], n);
            double votes = votes(counts[n], logits[n].length, n);
            gradients[n] = new double[logits[n].length];
            if (votes > 0) {
                losses[n] = row(logits[n], counts[n], votes, annealed, gradients[n]);
            }
        }
        return new RowLosses(losses, gradients);
    }

    private double row(double[] logits, double[] m, double votes, double annealed, double[] gradient) {
        EvidenceRow row = EvidenceRow.of(evidence, logits);
        double[] mean = new double[m.length];
        for (int k = 0; k < m.length; k++) {
            mean[k] = m[k] / votes;
        }
        double value = joint ? joint(row.alpha(), m) : row.nll(m);
        double[] first = joint ? jointGradient(row, m, votes) : row.nllGradient(m);
        // r2 differs from the NLL of the mean vote by the vote's own entropy.
        double[] second = row.nllGradient(mean);
        double r1 = r1Weight * annealed;
        double r2 = r2Weight * annealed;
        EvidentialRowLoss.Terms terms = r1 == 0 ? null : new EvidentialRowLoss(evidence, 1).terms(logits, mean);
        for (int k = 0; k < m.length; k++) {
            gradient[k] = first[k] + r2 * second[k] + (terms == null ? 0 : r1 * terms.dkl()[k]);
        }
        return value + r2 * (row.nll(mean) + negativeEntropy(mean)) + (terms == null ? 0 : r1 * terms.kl());
    }

    /** {@code -ln} of the Dirichlet-multinomial probability of the votes in their order. */
    static double joint(double[] alpha, double[] m) {
        double strength = 0;
        double votes = 0;
        double value = 0;
        for (int k = 0; k < m.length; k++) {
            strength += alpha[k];
            votes += m[k];
            value -= lnGamma(alpha[k] + m[k]) - lnGamma(alpha[k]);
        }
        return value + lnGamma(strength + votes) - lnGamma(strength);
    }

    private static double[] jointGradient(EvidenceRow row, double[] m, double votes) {
        double strength = row.strength();
        double ofStrength = digamma(strength + votes) - digamma(strength);
        double[] gradient = new double[m.length];
        for (int k = 0; k < m.length; k++) {
            double alpha = row.alpha()[k];
            gradient[k] = (ofStrength - digamma(alpha + m[k]) + digamma(alpha)) * row.slope()[k];
        }
        return gradient;
    }

    private static double negativeEntropy(double[] y) {
        double sum = 0;
        for (double value : y) {
            sum += value == 0 ? 0 : value * Math.log(value);
        }
        return sum;
    }

    private static double votes(double[] counts, int classes, int row) {
        if (counts.length != classes) {
            throw new IllegalArgumentException(
                    NAME + ": expected counts of " + classes + " classes, got " + counts.length + " in row " + row);
        }
        double votes = 0;
        for (double count : counts) {
            if (!(count >= 0 && count < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(
                        NAME + ": expected finite counts of at least 0, got " + count + " in row " + row);
            }
            votes += count;
        }
        return votes;
    }
}
