package dev.chorus.probe;

/** What every probe requires of its points. */
final class ProbeRows {
    private ProbeRows() {}

    /** Refuses no points, rows of different lengths, values that are not finite and labels outside [0, 1]. */
    static void check(String probe, double[][] features, double[] labels) {
        if (features.length == 0 || features.length != labels.length) {
            throw new IllegalArgumentException(probe + ": expected at least one point and a label for each, got "
                    + features.length + " points and " + labels.length + " labels");
        }
        checkFeatures(probe, features, features[0].length);
        for (int n = 0; n < labels.length; n++) {
            if (!(labels[n] >= 0 && labels[n] <= 1)) {
                throw new IllegalArgumentException(
                        probe + ": expected labels in [0, 1], got " + labels[n] + " of point " + n);
            }
        }
    }

    static void checkFeatures(String probe, double[][] features, int dimensions) {
        for (int n = 0; n < features.length; n++) {
            if (features[n].length != dimensions) {
                throw new IllegalArgumentException(
                        probe + ": expected " + dimensions + " features, got " + features[n].length + " of point " + n);
            }
            for (double x : features[n]) {
                if (!Double.isFinite(x)) {
                    throw new IllegalArgumentException(
                            probe + ": expected finite features, got " + x + " of point " + n);
                }
            }
        }
    }

    static int requireK(String probe, int k, int points) {
        if (k < 1 || k > points) {
            throw new IllegalArgumentException(probe + ": expected k from 1 to the " + points
                    + " points there are, got " + k + "; choose a smaller k or give more points");
        }
        return k;
    }
}
