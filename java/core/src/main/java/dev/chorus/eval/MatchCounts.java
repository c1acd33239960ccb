package dev.chorus.eval;

/**
 * True positives, false positives and false negatives, whole or in parts (SLU-F1 counts distances as parts of an
 * error).
 *
 * @param truePositives  at least 0
 * @param falsePositives at least 0
 * @param falseNegatives at least 0
 */
public record MatchCounts(double truePositives, double falsePositives, double falseNegatives) {

    /** Nothing counted. */
    public static final MatchCounts NONE = new MatchCounts(0, 0, 0);

    /**
     * Checks the counts.
     *
     * @throws IllegalArgumentException if one is negative or not finite
     */
    public MatchCounts {
        requireCount("true positives", truePositives);
        requireCount("false positives", falsePositives);
        requireCount("false negatives", falseNegatives);
    }

    /** TP / (TP + FP), 0 to 1; 0 if nothing was predicted. */
    public double precision() {
        return ratio(truePositives, truePositives + falsePositives);
    }

    /** TP / (TP + FN), 0 to 1; 0 if there was nothing to find. */
    public double recall() {
        return ratio(truePositives, truePositives + falseNegatives);
    }

    /** Harmonic mean of precision and recall, 0 to 1; 0 if both are 0. */
    public double f1() {
        double precision = precision();
        double recall = recall();
        return ratio(2 * precision * recall, precision + recall);
    }

    /** The sum of both, count by count. */
    public MatchCounts plus(MatchCounts other) {
        return new MatchCounts(
                truePositives + other.truePositives,
                falsePositives + other.falsePositives,
                falseNegatives + other.falseNegatives);
    }

    /**
     * Every count times a number.
     *
     * @param factor at least 0
     */
    public MatchCounts times(int factor) {
        return new MatchCounts(factor * truePositives, factor * falsePositives, factor * falseNegatives);
    }

    private static double ratio(double part, double whole) {
        return whole == 0 ? 0 : part / whole;
    }

    private static void requireCount(String name, double count) {
        if (!(count >= 0) || Double.isInfinite(count)) {
            throw new IllegalArgumentException("counts: expected finite " + name + " of at least 0, got " + count);
        }
    }
}
