package dev.chorus.loss;

import java.util.Arrays;

/**
 * Cross-entropy where the student is unsure alone: rows whose largest probability has left the window count 0, but stay in
 * the mean's divisor (EleutherAI/w2s, "window").
 *
 * <pre>{@code
 * L_n = -sum_k y_nk ln p_nk   if max_k p_nk < 0.5 + radius,   else 0
 * }</pre>
 *
 * @param radius of the window around 0.5, above 0; 0.15 in the original; beyond 0.5 every row counts
 */
public record ConfidenceWindowLoss(double radius) implements SoftLabelLoss {
    private static final String NAME = "window loss";

    /** Refuses a radius that is not above 0. */
    public ConfidenceWindowLoss {
        if (!(radius > 0)) {
            throw new IllegalArgumentException(NAME + ": expected a radius above 0, got " + radius);
        }
    }

    /**
     * The original's "midweak" radius: the median distance of the weak labels from 0.5, the lower of the two middle ones for
     * an even number, as PyTorch's median.
     *
     * @param labels [N][2], N at least 1
     */
    public static double midweak(double[][] labels) {
        TwoClasses.require(NAME, labels);
        if (labels.length == 0) {
            throw new IllegalArgumentException(NAME + ": expected labels to take the radius from, got none");
        }
        double[] distances = Arrays.stream(TwoClasses.positive(labels))
                .map(y -> Math.abs(y - 0.5))
                .sorted()
                .toArray();
        return distances[(distances.length - 1) / 2];
    }

    @Override
    public RowLosses of(double[][] logits, double[][] labels, TrainingPoint at) {
        SoftmaxRows.check(NAME, logits, labels);
        double[] losses = new double[logits.length];
        double[][] gradients = new double[logits.length][];
        for (int n = 0; n < losses.length; n++) {
            double[] logp = SoftmaxRows.logSoftmax(logits[n]);
            gradients[n] = new double[logp.length];
            if (Math.exp(Arrays.stream(logp).max().orElseThrow()) < 0.5 + radius) {
                losses[n] = SoftmaxRows.crossEntropy(logp, labels[n], gradients[n]);
            }
        }
        return new RowLosses(losses, gradients);
    }
}
