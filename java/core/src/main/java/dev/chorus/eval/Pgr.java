package dev.chorus.eval;

import dev.chorus.math.Argmax;
import java.util.Arrays;
import java.util.Locale;

/**
 * Performance gap recovered: which part of the way from the weak supervisor to the strong ceiling the student went.
 *
 * <pre>{@code
 * PGR = (student - weak) / (ceiling - weak)
 * }</pre>
 *
 * <p>Burns et al. 2023, arXiv:2312.09390. Below 0 if the student is worse than its supervisor, above 1 if it passes the
 * ceiling. Several weak models have no single score: name the baseline, {@link #againstMean} or {@link #againstBest}.
 */
public final class Pgr {

    /** A gap below this is no gap: the quotient would be rounding noise. In units of the metric. */
    public static final double LEAST_GAP = 1e-12;

    private Pgr() {}

    /**
     * Performance gap recovered.
     *
     * @param weak    score of the weak supervisor, higher is better
     * @param student score of the student trained on its labels
     * @param ceiling score of the strong model trained on gold labels
     * @return any number; NaN, "undefined", if {@code |ceiling - weak|} is below {@value #LEAST_GAP} or a score is NaN
     */
    public static double of(double weak, double student, double ceiling) {
        double gap = ceiling - weak;
        return Math.abs(gap) < LEAST_GAP ? Double.NaN : (student - weak) / gap;
    }

    /**
     * Against the mean of several weak models.
     *
     * @param weak    [W] test scores, W at least 1
     * @param student test score
     * @param ceiling test score
     * @return as {@link #of}
     * @throws IllegalArgumentException if there is no weak model
     */
    public static double againstMean(double[] weak, double student, double ceiling) {
        if (weak.length == 0) {
            throw new IllegalArgumentException("PGR: expected the score of at least one weak model, got none");
        }
        return of(Arrays.stream(weak).sum() / weak.length, student, ceiling);
    }

    /**
     * Against the weak model that is best on development data; chosen on test data the baseline would be biased
     * upwards.
     *
     * @param weak    [W] test scores, W at least 1
     * @param devel   [W] development scores of the same models; the first wins a tie
     * @param student test score
     * @param ceiling test score
     * @return as {@link #of}
     * @throws IllegalArgumentException if the lengths differ, there is no weak model, or a development score is NaN
     */
    public static double againstBest(double[] weak, double[] devel, double student, double ceiling) {
        if (weak.length != devel.length) {
            throw new IllegalArgumentException("PGR: expected one development score for each of the " + weak.length
                    + " weak models, got " + devel.length);
        }
        return of(weak[Argmax.of(devel)], student, ceiling);
    }

    /** For people: three decimals, or "undefined" for NaN. */
    public static String format(double pgr) {
        return Double.isNaN(pgr) ? "undefined" : String.format(Locale.ROOT, "%.3f", pgr);
    }
}
