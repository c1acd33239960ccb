package dev.chorus.probe;

/** A classifier of two classes that was fitted to activations and weak labels. */
@FunctionalInterface
public interface Probe {
    /**
     * P(class 1) of new points.
     *
     * @param features [N][D]
     * @return [N] in [0, 1]
     */
    double[] predict(double[][] features);
}
