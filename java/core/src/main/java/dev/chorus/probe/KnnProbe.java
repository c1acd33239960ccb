package dev.chorus.probe;

/**
 * Mean label of the k nearest points, by Euclidean distance (EleutherAI/w2s).
 *
 * <p>A point that the probe was fitted to is among its own neighbours, as in the original.
 */
public final class KnnProbe implements Probe {
    /** Neighbours in the original's experiments. */
    public static final int DEFAULT_K = 50;

    private static final String NAME = "kNN probe";

    private final double[][] features;
    private final double[] labels;
    private final int k;

    private KnnProbe(double[][] features, double[] labels, int k) {
        this.features = features;
        this.labels = labels;
        this.k = k;
    }

    /**
     * Remembers the points; the arrays must not change afterwards.
     *
     * @param features [N][D] finite
     * @param labels   [N] in [0, 1]
     * @param k        neighbours, 1 to N
     */
    public static KnnProbe fit(double[][] features, double[] labels, int k) {
        ProbeRows.check(NAME, features, labels);
        return new KnnProbe(features, labels, ProbeRows.requireK(NAME, k, features.length));
    }

    @Override
    public double[] predict(double[][] queries) {
        ProbeRows.checkFeatures(NAME, queries, features[0].length);
        double[] predicted = new double[queries.length];
        for (int n = 0; n < predicted.length; n++) {
            predicted[n] = Neighbours.meanLabel(features, labels, queries[n], k, Neighbours.NONE);
        }
        return predicted;
    }
}
