package dev.chorus.aggregate;

import dev.chorus.math.Argmax;

/** The one weak labeler to listen to: the best on development data, never on test data. */
public final class BestSingle {

    private BestSingle() {}

    /**
     * Picks the labeler with the highest development score.
     *
     * @param develScores [W], W at least 1, none NaN; higher is better
     * @return index of the labeler; the first on ties
     * @throws IllegalArgumentException if there is no score or one is NaN
     */
    public static int index(double[] develScores) {
        if (develScores.length == 0) {
            throw new IllegalArgumentException("best single: expected at least one development score, got none");
        }
        for (int w = 0; w < develScores.length; w++) {
            if (Double.isNaN(develScores[w])) {
                throw new IllegalArgumentException(
                        "best single: expected a development score, got NaN for labeler " + w);
            }
        }
        return Argmax.of(develScores);
    }
}
