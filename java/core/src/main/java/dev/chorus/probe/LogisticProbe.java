package dev.chorus.probe;

/**
 * Logistic regression on activations, fitted by L-BFGS (EleutherAI/w2s).
 *
 * <pre>{@code
 * minimise  mean_n [softplus(z_n) - y_n z_n] + l2 sum_d w_d^2,      z = w x + b;  the bias is free
 * }</pre>
 *
 * <p>Soft labels are taken as they are.
 */
public final class LogisticProbe implements Probe {
    /** The original's penalty. */
    public static final double DEFAULT_L2 = 1e-3;

    private static final String NAME = "logistic probe";

    private static final double GRADIENT_TOLERANCE = 1e-9;
    private static final int MAX_ITERATIONS = 10_000;

    /** [D + 1], the bias last. */
    private final double[] weights;

    private LogisticProbe(double[] weights) {
        this.weights = weights;
    }

    /**
     * Fits the weights, from 0.
     *
     * @param features [N][D] finite
     * @param labels   [N] in [0, 1]
     * @param l2       penalty, at least 0; 0 has no minimum where a plane separates the classes
     */
    public static LogisticProbe fit(double[][] features, double[] labels, double l2) {
        ProbeRows.check(NAME, features, labels);
        if (!(l2 >= 0 && l2 < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(NAME + ": expected a finite penalty of at least 0, got " + l2);
        }
        return new LogisticProbe(LimitedMemoryBfgs.minimise(
                (w, gradient) -> objective(features, labels, l2, w, gradient),
                new double[features[0].length + 1],
                GRADIENT_TOLERANCE,
                MAX_ITERATIONS));
    }

    /** The penalised mean loss and its gradient. */
    static double objective(double[][] features, double[] labels, double l2, double[] w, double[] gradient) {
        int dimensions = w.length - 1;
        double value = 0;
        gradient[dimensions] = 0;
        for (int d = 0; d < dimensions; d++) {
            value += l2 * w[d] * w[d];
            gradient[d] = 2 * l2 * w[d];
        }
        int points = features.length;
        for (int n = 0; n < points; n++) {
            double z = logit(features[n], w);
            value += (Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - labels[n] * z) / points;
            double residual = (sigma(z) - labels[n]) / points;
            for (int d = 0; d < dimensions; d++) {
                gradient[d] += residual * features[n][d];
            }
            gradient[dimensions] += residual;
        }
        return value;
    }

    @Override
    public double[] predict(double[][] queries) {
        ProbeRows.checkFeatures(NAME, queries, weights.length - 1);
        double[] predicted = new double[queries.length];
        for (int n = 0; n < predicted.length; n++) {
            predicted[n] = sigma(logit(queries[n], weights));
        }
        return predicted;
    }

    /** [D + 1] the weights, the bias last; a copy. */
    public double[] weights() {
        return weights.clone();
    }

    private static double logit(double[] x, double[] w) {
        double z = w[x.length];
        for (int d = 0; d < x.length; d++) {
            z += w[d] * x[d];
        }
        return z;
    }

    private static double sigma(double z) {
        return 1 / (1 + Math.exp(-z));
    }
}
