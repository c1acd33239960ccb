package dev.chorus.eval;

import dev.chorus.math.Argmax;

/** Share of examples whose predicted label is the gold label. */
public final class Accuracy {

    private Accuracy() {}

    /**
     * Accuracy of hard labels.
     *
     * @param predicted [N] label ids
     * @param gold      [N] label ids
     * @return 0 to 1; NaN if N = 0
     * @throws IllegalArgumentException if the lengths differ
     */
    public static double of(int[] predicted, int[] gold) {
        if (predicted.length != gold.length) {
            throw new IllegalArgumentException("accuracy: expected as many predictions as gold labels (" + gold.length
                    + "), got " + predicted.length);
        }
        int right = 0;
        for (int n = 0; n < gold.length; n++) {
            if (predicted[n] == gold[n]) {
                right++;
            }
        }
        return (double) right / gold.length;
    }

    /**
     * Accuracy of the most probable label; the lowest label id wins a tie.
     *
     * @param probabilities [N, K], rows sum to 1
     * @param gold          [N] label ids in 0 to K - 1
     * @return 0 to 1; NaN if N = 0
     * @throws IllegalArgumentException if the shapes disagree, a row is no distribution, or a label is out of range
     */
    public static double of(double[][] probabilities, int[] gold) {
        ProbabilityRows.check("accuracy", probabilities, gold);
        int[] predicted = new int[gold.length];
        for (int n = 0; n < gold.length; n++) {
            predicted[n] = Argmax.of(probabilities[n]);
        }
        return of(predicted, gold);
    }
}
