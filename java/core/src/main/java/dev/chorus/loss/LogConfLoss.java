package dev.chorus.loss;

import dev.chorus.math.Argmax;
import dev.chorus.math.Quantile;
import java.util.Arrays;

/**
 * Cross-entropy with an auxiliary confidence term: the weak label is mixed with the student's own hardened answer (Burns et
 * al., arXiv:2312.09390, section 4.3; openai/weak-to-strong).
 *
 * <pre>{@code
 * t = (1 - c) y + c self, held constant        L = -sum_k t_k ln p_k
 * two classes: self = class 0 if p_0 >= theta, else class 1;    theta = quantile(p_0 of the batch, mean label of class 1)
 * more classes: self = argmax p
 * }</pre>
 *
 * <p>With two classes the threshold makes the batch's self labels as many of each class as the weak labels have. It needs the
 * whole batch in one call; {@link BufferedLogConfLoss} serves small batches.
 *
 * @param ramp c; of strength 0.5 and warm-up 0.1 in the original, where it jumps
 */
public record LogConfLoss(Ramp ramp) implements SoftLabelLoss {
    private static final String NAME = "logconf loss";

    /** Strength and warm-up of the original, rising linearly. */
    public LogConfLoss() {
        this(Ramp.linear(0.5, 0.1));
    }

    /**
     * As {@link SoftLabelLoss#of}.
     *
     * @throws IllegalArgumentException also if a batch of two classes has one row: its threshold would be its own probability
     */
    @Override
    public RowLosses of(double[][] logits, double[][] labels, TrainingPoint at) {
        SoftmaxRows.check(NAME, logits, labels);
        if (logits.length == 1 && logits[0].length == 2) {
            throw new IllegalArgumentException(NAME
                    + ": expected at least 2 rows in a batch of two classes, got 1, whose own answer would always be"
                    + " class 0; use a larger batch or the variant with a buffer");
        }
        double[][] logps = SoftmaxRows.logSoftmax(logits);
        double[][] self = selfLabels(logps, labels);
        double c = ramp.at(at.share());
        double[][] targets = new double[logits.length][];
        for (int n = 0; n < targets.length; n++) {
            targets[n] = SoftmaxRows.mix(labels[n], self[n], c);
        }
        return SoftmaxRows.crossEntropy(logps, targets);
    }

    /** The student's hardened answers, one-hot. */
    private static double[][] selfLabels(double[][] logps, double[][] labels) {
        int rows = logps.length;
        double[][] self = new double[rows][];
        if (rows > 0 && logps[0].length == 2) {
            double[] first =
                    Arrays.stream(logps).mapToDouble(row -> Math.exp(row[0])).toArray();
            double share =
                    Math.min(1, Arrays.stream(labels).mapToDouble(row -> row[1]).sum() / rows);
            double threshold = Quantile.of(first, share);
            for (int n = 0; n < rows; n++) {
                self[n] = SoftmaxRows.oneHot(2, first[n] >= threshold ? 0 : 1);
            }
        } else {
            for (int n = 0; n < rows; n++) {
                self[n] = SoftmaxRows.oneHot(logps[n].length, Argmax.of(logps[n]));
            }
        }
        return self;
    }
}
