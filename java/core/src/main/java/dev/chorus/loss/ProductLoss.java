package dev.chorus.loss;

/**
 * Cross-entropy against the product of the student's own distribution and the weak label (openai/weak-to-strong, the code of
 * Burns et al., arXiv:2312.09390).
 *
 * <pre>{@code
 * t_k proportional to p_k^beta y_k^alpha, held constant        L = -sum_k t_k ln p_k        dL/dz = p - t
 * }</pre>
 *
 * <p>Where the product has no mass (the label's classes have probability 0) the target is the label itself.
 *
 * @param beta  power of the student's distribution, at least 0; 1 in the original
 * @param alpha power of the weak label, at least 0; 1 in the original
 */
public record ProductLoss(double beta, double alpha) implements SoftLabelLoss {
    private static final String NAME = "product loss";

    /** Refuses powers below 0. */
    public ProductLoss {
        if (!(beta >= 0 && alpha >= 0) || Double.isInfinite(beta) || Double.isInfinite(alpha)) {
            throw new IllegalArgumentException(
                    NAME + ": expected finite powers of at least 0, got beta " + beta + ", alpha " + alpha);
        }
    }

    /** Both powers 1. */
    public ProductLoss() {
        this(1, 1);
    }

    @Override
    public RowLosses of(double[][] logits, double[][] labels, TrainingPoint at) {
        SoftmaxRows.check(NAME, logits, labels);
        double[][] logps = SoftmaxRows.logSoftmax(logits);
        double[][] targets = new double[logits.length][];
        for (int n = 0; n < logits.length; n++) {
            targets[n] = target(logps[n], labels[n]);
        }
        return SoftmaxRows.crossEntropy(logps, targets);
    }

    private double[] target(double[] logp, double[] label) {
        double[] target = new double[label.length];
        double mass = 0;
        for (int k = 0; k < target.length; k++) {
            target[k] = Math.exp(beta * logp[k]) * Math.pow(label[k], alpha);
            mass += target[k];
        }
        if (mass == 0) {
            return label;
        }
        for (int k = 0; k < target.length; k++) {
            target[k] /= mass;
        }
        return target;
    }
}
