package dev.chorus.loss;

/**
 * Losses with label and student exchanged: the expectation runs over the student's distribution, so a class that the student
 * has given up costs nothing, however much of the label lies there. Against noisy labels this forgets the labels' tails ("reverse
 * KL" of weak-to-strong training; reverse cross-entropy in Wang et al., <i>Symmetric Cross Entropy</i>, arXiv:1908.06112).
 *
 * <pre>{@code
 * l_k = ln max(y_k, floor)
 * reverse KL             L = sum_k p_k (ln p_k - l_k)        dL/dz_j = p_j (ln p_j - l_j - L)
 * reverse cross-entropy  L = -sum_k p_k l_k                  dL/dz_j = p_j (-l_j - L)
 * }</pre>
 *
 * <p>A label of 0 would make both infinite; the floor is how much the student is charged for it.
 *
 * @param floor        least label inside the logarithm, in (0, 1)
 * @param crossEntropy whether the student's own entropy is left out, which lets it become certain
 */
public record ReverseKlLoss(double floor, boolean crossEntropy) implements SoftLabelLoss {
    /** Charges 9.2 nats for a class that the label excludes. */
    public static final double DEFAULT_FLOOR = 1e-4;

    private static final String NAME = "reverse KL loss";

    /** Refuses a floor outside (0, 1). */
    public ReverseKlLoss {
        if (!(floor > 0 && floor < 1)) {
            throw new IllegalArgumentException(NAME + ": expected a floor in (0, 1), got " + floor);
        }
    }

    @Override
    public RowLosses of(double[][] logits, double[][] labels, TrainingPoint at) {
        SoftmaxRows.check(NAME, logits, labels);
        double[] losses = new double[logits.length];
        double[][] gradients = new double[logits.length][];
        for (int n = 0; n < losses.length; n++) {
            double[] logp = SoftmaxRows.logSoftmax(logits[n]);
            int classes = logp.length;
            double[] inside = new double[classes];
            for (int k = 0; k < classes; k++) {
                inside[k] = (crossEntropy ? 0 : logp[k]) - Math.log(Math.max(labels[n][k], floor));
                losses[n] += Math.exp(logp[k]) * inside[k];
            }
            gradients[n] = new double[classes];
            for (int k = 0; k < classes; k++) {
                gradients[n][k] = Math.exp(logp[k]) * (inside[k] - losses[n]);
            }
        }
        return new RowLosses(losses, gradients);
    }
}
