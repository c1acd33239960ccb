package dev.chorus.loss;

import java.util.Arrays;

/**
 * Cross-entropy against the weak label mixed with the student's own distribution, not hardened: part of the loss is the
 * student's entropy (EleutherAI/w2s, "entropy"; after Burns et al., arXiv:2312.09390).
 *
 * <pre>{@code
 * c = strength min(1, step / warmupSteps)
 * t = (1 - c) y + c p, held constant        L = -sum_k t_k ln p_k        dL/dz = (1 - c) (p - y)
 * }</pre>
 *
 * @param strength    c after the warm-up, 0 to 1; 0.5 in the original
 * @param warmupSteps optimizer steps, at least 0; 100 in the original
 */
public record EntropyConfidenceLoss(double strength, long warmupSteps) implements SoftLabelLoss {
    private static final String NAME = "entropy loss";

    /** Refuses numbers outside their range. */
    public EntropyConfidenceLoss {
        if (!(strength >= 0 && strength <= 1) || warmupSteps < 0) {
            throw new IllegalArgumentException(
                    NAME + ": expected a strength in [0, 1] and at least 0 warm-up steps, got " + strength + " and "
                            + warmupSteps);
        }
    }

    /** Strength and warm-up of the original. */
    public EntropyConfidenceLoss() {
        this(0.5, 100);
    }

    @Override
    public RowLosses of(double[][] logits, double[][] labels, TrainingPoint at) {
        SoftmaxRows.check(NAME, logits, labels);
        double c = at.step() >= warmupSteps ? strength : strength * at.step() / warmupSteps;
        double[][] logps = SoftmaxRows.logSoftmax(logits);
        double[][] targets = new double[logits.length][];
        for (int n = 0; n < targets.length; n++) {
            double[] self = Arrays.stream(logps[n]).map(Math::exp).toArray();
            targets[n] = SoftmaxRows.mix(labels[n], self, c);
        }
        return SoftmaxRows.crossEntropy(logps, targets);
    }
}
