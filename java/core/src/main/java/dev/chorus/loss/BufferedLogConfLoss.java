package dev.chorus.loss;

import dev.chorus.math.Quantile;
import java.util.Arrays;

/**
 * The confidence loss of two classes in EleutherAI's form, for micro-batches: the threshold is a quantile of the student's last
 * probabilities (EleutherAI/w2s; after Burns et al., arXiv:2312.09390).
 *
 * <pre>{@code
 * c = strength min(1, step / warmupSteps)
 * theta = quantile(last values of p_0, q),    q = mean label of class 1 in the micro-batch; 0.5 when it has one row
 * self  = class 0 if p_0 >= theta, else class 1
 * t     = (1 - c) y + c self, held constant        L = -sum_k t_k ln p_k
 * balance: y <- sigma(logit(y) - mean logit(y)) first, and q = 0.5
 * }</pre>
 *
 * <p>The buffer takes the current values first. Differs from the original, whose list grows without bound: the buffer keeps an
 * effective batch.
 *
 * @param strength    c after the warm-up, 0 to 1; 0.5 in the original
 * @param warmupSteps optimizer steps, at least 0; 100 in the original
 * @param balance     whether the labels' mean log-odds is taken out
 */
public record BufferedLogConfLoss(double strength, long warmupSteps, boolean balance) {
    private static final String NAME = "buffered logconf loss";

    /** Inside the logarithms of log-odds, as in the original: labels of 0 and 1 stay finite. */
    private static final double LOG_FLOOR = 1e-7;

    /** Refuses numbers outside their range. */
    public BufferedLogConfLoss {
        if (!(strength >= 0 && strength <= 1) || warmupSteps < 0) {
            throw new IllegalArgumentException(
                    NAME + ": expected a strength in [0, 1] and at least 0 warm-up steps, got " + strength + " and "
                            + warmupSteps);
        }
    }

    /** Strength and warm-up of the original. */
    public BufferedLogConfLoss(boolean balance) {
        this(0.5, 100, balance);
    }

    /** c at an optimizer step. */
    public double coefficient(long step) {
        return step >= warmupSteps ? strength : strength * step / warmupSteps;
    }

    /**
     * Each row's loss and gradient; the buffer takes in the batch's probabilities.
     *
     * @param logits [B][2] finite
     * @param labels [B][2] at least 0; rows sum to 1
     * @param at     where training stands
     * @param buffer the student's last probabilities of class 0; modified
     * @throws IllegalArgumentException if shapes disagree, there are not two classes, or a value is outside its range
     */
    public RowLosses ofInPlace(double[][] logits, double[][] labels, TrainingPoint at, ProbabilityBuffer buffer) {
        SoftmaxRows.check(NAME, logits, labels);
        TwoClasses.require(NAME, logits);
        int rows = logits.length;
        double[][] logps = SoftmaxRows.logSoftmax(logits);
        double[] first =
                Arrays.stream(logps).mapToDouble(row -> Math.exp(row[0])).toArray();
        buffer.append(first);
        if (rows == 0) {
            return new RowLosses(new double[0], new double[0][]);
        }
        double[] positive = TwoClasses.positive(labels);
        double mean = Math.min(1, Arrays.stream(positive).sum() / rows);
        double share = balance || rows == 1 ? 0.5 : mean;
        double threshold = Quantile.of(buffer.values(), share);
        double[] y = balance ? balanced(positive) : positive;
        double c = coefficient(at.step());
        double[][] targets = new double[rows][];
        for (int n = 0; n < rows; n++) {
            double[] self = SoftmaxRows.oneHot(2, first[n] >= threshold ? 0 : 1);
            targets[n] = SoftmaxRows.mix(new double[] {1 - y[n], y[n]}, self, c);
        }
        return SoftmaxRows.crossEntropy(logps, targets);
    }

    /** This loss with a buffer of its own. */
    public SoftLabelLoss with(ProbabilityBuffer buffer) {
        return (logits, labels, at) -> ofInPlace(logits, labels, at, buffer);
    }

    private static double[] balanced(double[] positive) {
        double[] logOdds = Arrays.stream(positive)
                .map(y -> Math.log(y + LOG_FLOOR) - Math.log(1 - y + LOG_FLOOR))
                .toArray();
        double mean = Arrays.stream(logOdds).sum() / logOdds.length;
        return Arrays.stream(logOdds).map(v -> 1 / (1 + Math.exp(mean - v))).toArray();
    }
}
