package dev.chorus.probe;

/** Nearest points by Euclidean distance, by comparing with all of them. */
final class Neighbours {
    /** No point is left out. */
    static final int NONE = -1;

    private Neighbours() {}

    /**
     * The k nearest points, nearest first; the lower index on ties.
     *
     * @param points  [N][D], N at least k, or k + 1 with one left out
     * @param query   [D]
     * @param without index of a point that does not count, or {@link #NONE}
     */
    static int[] of(double[][] points, double[] query, int k, int without) {
        int[] nearest = new int[k];
        double[] distances = new double[k];
        int found = 0;
        for (int n = 0; n < points.length; n++) {
            if (n == without) {
                continue;
            }
            double distance = squaredDistance(points[n], query);
            if (found == k && distance >= distances[k - 1]) {
                continue;
            }
            int place = found < k ? found++ : k - 1;
            while (place > 0 && distances[place - 1] > distance) {
                distances[place] = distances[place - 1];
                nearest[place] = nearest[place - 1];
                place--;
            }
            distances[place] = distance;
            nearest[place] = n;
        }
        return nearest;
    }

    /** Mean label of the k nearest points. */
    static double meanLabel(double[][] points, double[] labels, double[] query, int k, int without) {
        double sum = 0;
        for (int n : of(points, query, k, without)) {
            sum += labels[n];
        }
        return sum / k;
    }

    private static double squaredDistance(double[] a, double[] b) {
        double sum = 0;
        for (int d = 0; d < a.length; d++) {
            double difference = a[d] - b[d];
            sum += difference * difference;
        }
        return sum;
    }
}
