package dev.chorus.loss;

import java.util.Arrays;

/** What losses that are defined for two classes alone require. */
final class TwoClasses {
    private TwoClasses() {}

    static void require(String loss, double[][] logits) {
        for (int n = 0; n < logits.length; n++) {
            if (logits[n].length != 2) {
                throw new IllegalArgumentException(
                        loss + ": defined for 2 classes, got " + logits[n].length + " in row " + n);
            }
        }
    }

    /** [B] labels of class 1. */
    static double[] positive(double[][] labels) {
        return Arrays.stream(labels).mapToDouble(row -> row[1]).toArray();
    }
}
