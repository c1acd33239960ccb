package dev.chorus.loss;

import dev.chorus.kernels.EvidentialLoss.Evidence;
import java.util.Arrays;

/**
 * The Bayesian multi-weak loss in double, with all its options: what {@link EvidentialClassLoss} computes by kernel for one of
 * them, and the reading of soft labels as a mixture, which no kernel has (Cui et al., arXiv:2406.03199, on Sensoy et al.,
 * arXiv:1806.01768).
 *
 * <pre>{@code
 * alpha = act(z) + 1,  S = sum_k alpha_k
 * NLL   = sum_k y_k (ln S - ln alpha_k)
 * KL    = KL(Dir(at) || Dir(1)),   at = 1 + (1 - y) (alpha - 1)
 * KL    = sum_k y_k KL of at for the one-hot label k               with mixture; the NLL is linear in y and stays
 * L     = sum_i lambda_i (NLL(y_i) + klWeight clamp(annealed KL(y_i), klClamp))
 * }</pre>
 *
 * <p>Zero evidence (alpha = 1) gives {@code NLL = Y ln K} and {@code KL = 0}. With ReLU evidence a row whose logits are all at
 * most 0 has no gradient and never learns.
 *
 * @param evidence how logits become evidence
 * @param klWeight of the KL at full strength, at least 0
 * @param mixture  whether a soft label is a mixture of one-hot labels, each with a KL of its own
 * @param klClamp  bound of the annealed KL, beyond which it has no gradient, as in the authors' code (2e5); infinite for none
 */
public record EvidentialRowLoss(Evidence evidence, double klWeight, boolean mixture, double klClamp) {
    private static final String NAME = "evidential loss";

    /** The authors' bound of the KL. */
    public static final double ORIGINAL_CLAMP = 2e5;

    /** Refuses weights and bounds outside their range. */
    public EvidentialRowLoss {
        if (!(klWeight >= 0 && klWeight < Double.POSITIVE_INFINITY) || !(klClamp > 0)) {
            throw new IllegalArgumentException(
                    NAME + ": expected a finite KL weight of at least 0 and a clamp above 0, got " + klWeight + " and "
                            + klClamp);
        }
    }

    /** Without mixture and clamp. */
    public EvidentialRowLoss(Evidence evidence, double klWeight) {
        this(evidence, klWeight, false, Double.POSITIVE_INFINITY);
    }

    /**
     * The parts of one row against one label.
     *
     * @param nll       nats
     * @param kl        nats, neither annealed nor weighted
     * @param dnll      [K] derivatives of the NLL by the logits, the label held constant
     * @param dkl       [K] of the KL
     * @param dnllLabel [K] derivatives of the NLL by the label
     * @param dklLabel  [K] of the KL
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Terms(double nll, double kl, double[] dnll, double[] dkl, double[] dnllLabel, double[] dklLabel) {}

    /**
     * One row against one label.
     *
     * @param logits [K] finite
     * @param y      [K] in [0, 1]
     */
    public Terms terms(double[] logits, double[] y) {
        SoftmaxRows.checkLogits(NAME, logits, 0);
        EvidenceRow row = EvidenceRow.of(evidence, logits);
        int classes = logits.length;
        double[] dnllLabel = new double[classes];
        for (int k = 0; k < classes; k++) {
            dnllLabel[k] = row.logStrength() - row.logAlpha()[k];
        }
        double[] dkl = new double[classes];
        double[] dklLabel = new double[classes];
        double kl = mixture ? mixed(row, y, dkl, dklLabel) : plain(row, y, dkl, dklLabel);
        return new Terms(row.nll(y), kl, row.nllGradient(y), dkl, dnllLabel, dklLabel);
    }

    private static double plain(EvidenceRow row, double[] y, double[] dkl, double[] dklLabel) {
        int classes = y.length;
        double[] tilde = new double[classes];
        for (int k = 0; k < classes; k++) {
            tilde[k] = 1 + (1 - y[k]) * (row.alpha()[k] - 1);
        }
        double[] dtilde = UniformDirichletKl.gradient(tilde);
        for (int k = 0; k < classes; k++) {
            dkl[k] = dtilde[k] * (1 - y[k]) * row.slope()[k];
            dklLabel[k] = -dtilde[k] * (row.alpha()[k] - 1);
        }
        return UniformDirichletKl.of(tilde);
    }

    /** All K one-hot labels in one pass: the k-th leaves out the evidence of class k alone. */
    private static double mixed(EvidenceRow row, double[] y, double[] dkl, double[] dklLabel) {
        int classes = y.length;
        double[] alpha = row.alpha();
        double strength = row.strength();
        double mass = Arrays.stream(y).sum();
        double all = 0;
        for (double a : alpha) {
            all += UniformDirichletKl.h(a);
        }
        double kl = 0;
        double sumOfV = 0;
        double[] v = new double[classes];
        for (int k = 0; k < classes; k++) {
            double without = strengthWithout(alpha, strength, k);
            dklLabel[k] = all
                    - UniformDirichletKl.h(alpha[k])
                    + UniformDirichletKl.h(1)
                    + UniformDirichletKl.ofStrength(without, classes);
            kl += y[k] * dklLabel[k];
            v[k] = y[k] * UniformDirichletKl.v(without, classes);
            sumOfV += v[k];
        }
        for (int k = 0; k < classes; k++) {
            dkl[k] = ((mass - y[k]) * UniformDirichletKl.u(alpha[k]) - (sumOfV - v[k])) * row.slope()[k];
        }
        return kl;
    }

    /** {@code S - alpha_k + 1}; added up anew where the difference would lose the others' digits. */
    private static double strengthWithout(double[] alpha, double strength, int k) {
        if (alpha[k] < 0.5 * strength) {
            return strength - alpha[k] + 1;
        }
        double sum = 1;
        for (int j = 0; j < alpha.length; j++) {
            sum += j == k ? 0 : alpha[j];
        }
        return sum;
    }

    /**
     * Each row's loss and gradient against several weak labels.
     *
     * @param logits   [B][K] finite
     * @param labels   [B][W][K] in [0, 1]; a null label is a missing answer
     * @param lambda   [W] weights of the weak models, at least 0; an item's are renormalised over those that answered
     * @param annealed share of {@code klWeight} in force, 0 to 1: min(1, step / steps)
     * @return a row that nobody answered (or only models of weight 0) has loss and gradient 0
     */
    public RowLosses of(double[][] logits, double[][][] labels, double[] lambda, double annealed) {
        if (labels.length != logits.length) {
            throw new IllegalArgumentException(
                    NAME + ": expected labels of " + logits.length + " rows, got " + labels.length);
        }
        double[] losses = new double[logits.length];
        double[][] gradients = new double[logits.length][];
        for (int n = 0; n < losses.length; n++) {
            SoftmaxRows.checkLogits(NAME, logits[n], n);
            gradients[n] = new double[logits[n].length];
            double total = 0;
            for (int i = 0; i < labels[n].length; i++) {
                total += labels[n][i] == null ? 0 : lambda[i];
            }
            for (int i = 0; i < labels[n].length; i++) {
                if (labels[n][i] == null || lambda[i] == 0) {
                    continue;
                }
                losses[n] += add(terms(logits[n], labels[n][i]), lambda[i] / total, annealed, gradients[n]);
            }
        }
        return new RowLosses(losses, gradients);
    }

    /** The share's part of the loss; its gradient is added. */
    private double add(Terms terms, double share, double annealed, double[] gradient) {
        double kl = annealed * terms.kl();
        boolean clamped = Math.abs(kl) > klClamp;
        double klFactor = clamped ? 0 : klWeight * annealed;
        for (int k = 0; k < gradient.length; k++) {
            gradient[k] += share * (terms.dnll()[k] + klFactor * terms.dkl()[k]);
        }
        return share * (terms.nll() + klWeight * (clamped ? Math.copySign(klClamp, kl) : kl));
    }
}
