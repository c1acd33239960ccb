package dev.chorus.loss;

/**
 * Forward KL divergence {@code KL(y || p) = sum_k y_k ln(y_k / p_k)}: cross-entropy less the label's own entropy, so of the
 * same gradient, and 0 where the student says what the label says (EleutherAI/w2s, "kl").
 */
public final class KlLoss implements SoftLabelLoss {
    private static final String NAME = "KL loss";

    @Override
    public RowLosses of(double[][] logits, double[][] labels, TrainingPoint at) {
        SoftmaxRows.check(NAME, logits, labels);
        RowLosses rows = SoftmaxRows.crossEntropy(SoftmaxRows.logSoftmax(logits), labels);
        for (int n = 0; n < labels.length; n++) {
            for (double y : labels[n]) {
                rows.losses()[n] += y == 0 ? 0 : y * Math.log(y);
            }
        }
        return rows;
    }
}
