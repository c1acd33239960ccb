package dev.chorus.loss;

/**
 * The soft target of one label token over the whole vocabulary, laid out in double: to read, to test the sparse path against,
 * and for the options that no kernel has (Cui et al., arXiv:2406.03199, and the authors' code).
 *
 * <pre>{@code
 * own shape:  t_l = s,  t_j = p_j (1 - s) / (1 - p_l)        p = softmax(z)
 * uniform:    t_l = s,  t_j = (1 - s) / (V - 1)
 * KL(t || p), own shape = s ln(s / p_l) + (1 - s) ln((1 - s) / (1 - p_l))
 * }</pre>
 *
 * <p>Where {@code 1 - p_l} is below 1e-6 there is no shape to keep and the rest is uniform. Here the target is a constant of the
 * gradient; the authors' code lets the gradient through, for which {@link #through} gives what is to be added. It makes no
 * difference to the KL divergence.
 *
 * @param label   the label token l
 * @param score   s in [0, 1]
 * @param uniform whether the rest is spread evenly
 */
public record SoftTokenTarget(int label, double score, boolean uniform) {
    /** Below this much probability beside the label token its shape is rounding. */
    private static final double LEAST_REST = 1e-6;

    /** Refuses a score outside [0, 1]. */
    public SoftTokenTarget {
        if (!(score >= 0 && score <= 1)) {
            throw new IllegalArgumentException("soft target: expected a score in [0, 1], got " + score);
        }
    }

    /** The rest in the student's own shape. */
    public SoftTokenTarget(int label, double score) {
        this(label, score, false);
    }

    /**
     * The target of a row.
     *
     * @param logits [V] finite, V at least 2
     * @return [V], sums to 1
     */
    public double[] of(double[] logits) {
        double[] target = rest(logits);
        for (int v = 0; v < target.length; v++) {
            target[v] *= 1 - score;
        }
        target[label] = score;
        return target;
    }

    /** {@code KL(t || p)} and its gradient {@code p - t}. */
    public RowLosses kl(double[] logits) {
        double[] target = of(logits);
        double[] logp = SoftmaxRows.logSoftmax(logits);
        double[] gradient = new double[target.length];
        double value = SoftmaxRows.crossEntropy(logp, target, gradient);
        for (double t : target) {
            value += t == 0 ? 0 : t * Math.log(t);
        }
        return new RowLosses(new double[] {value}, new double[][] {gradient});
    }

    /**
     * The closed form of the KL divergence with the rest in the student's own shape.
     *
     * @param score     s in [0, 1]
     * @param labelProb p_l in (0, 1)
     */
    public static double closedKl(double score, double labelProb) {
        double label = score == 0 ? 0 : score * Math.log(score / labelProb);
        double rest = score == 1 ? 0 : (1 - score) * Math.log((1 - score) / (1 - labelProb));
        return label + rest;
    }

    /**
     * What a gradient that flows through the target adds: {@code sum_k dL/dt_k dt_k/dz}. With the rest uniform the target does
     * not depend on the logits.
     *
     * @param logits  [V]
     * @param dtarget [V] derivative of the loss by the target
     * @return [V]
     */
    public double[] through(double[] logits, double[] dtarget) {
        double[] added = new double[logits.length];
        if (uniform || SoftmaxRows.softmax(logits)[label] > 1 - LEAST_REST) {
            return added;
        }
        double[] rest = rest(logits);
        double mean = 0;
        for (int v = 0; v < rest.length; v++) {
            mean += rest[v] * dtarget[v];
        }
        for (int v = 0; v < rest.length; v++) {
            added[v] = (1 - score) * rest[v] * (dtarget[v] - mean);
        }
        return added;
    }

    /** The shape of everything beside the label token, sums to 1; 0 at the label. */
    private double[] rest(double[] logits) {
        double[] logp = SoftmaxRows.logSoftmax(logits);
        double[] rest = new double[logits.length];
        double sum = 0;
        for (int v = 0; v < rest.length; v++) {
            rest[v] = v == label ? 0 : Math.exp(logp[v]);
            sum += rest[v];
        }
        boolean even = uniform || sum < LEAST_REST;
        for (int v = 0; v < rest.length; v++) {
            rest[v] = v == label ? 0 : even ? 1.0 / (rest.length - 1) : rest[v] / sum;
        }
        return rest;
    }
}
