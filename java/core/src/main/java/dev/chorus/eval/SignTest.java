package dev.chorus.eval;

import java.math.BigInteger;

/**
 * One-sided sign test: could a system that is no better win as often as this?
 *
 * <pre>{@code
 * p = P(X >= wins),   X ~ Binomial(wins + losses, 1/2)
 * }</pre>
 *
 * <p>Ties are dropped (Dixon and Mood 1946). Computed exactly in whole numbers, and rounded once.
 *
 * @param wins   examples on which the candidate is better
 * @param losses examples on which it is worse
 * @param ties   examples on which both are equal
 * @param pValue in (0, 1]; 1 if every example is a tie
 */
public record SignTest(int wins, int losses, int ties, double pValue) {

    /** More bits than a double holds, few enough for a long. */
    private static final int KEPT_BITS = 62;

    /**
     * Tests whether the candidate beats the baseline.
     *
     * @param candidate [N] score of every example, higher is better
     * @param baseline  [N] score of the same examples
     * @return the counts and the p-value
     * @throws IllegalArgumentException if the lengths differ or a score is NaN
     */
    public static SignTest oneSided(double[] candidate, double[] baseline) {
        if (candidate.length != baseline.length) {
            throw new IllegalArgumentException(
                    "sign test: expected as many scores of the candidate as of the baseline (" + baseline.length
                            + "), got " + candidate.length);
        }
        int wins = 0;
        int losses = 0;
        for (int n = 0; n < candidate.length; n++) {
            if (Double.isNaN(candidate[n]) || Double.isNaN(baseline[n])) {
                throw new IllegalArgumentException(
                        "sign test: expected numbers, got " + candidate[n] + " and " + baseline[n] + " at index " + n);
            }
            if (candidate[n] > baseline[n]) {
                wins++;
            } else if (candidate[n] < baseline[n]) {
                losses++;
            }
        }
        return new SignTest(wins, losses, candidate.length - wins - losses, pValue(wins, losses));
    }

    /**
     * The p-value of these counts.
     *
     * @param wins   at least 0
     * @param losses at least 0
     * @return in (0, 1]; 0 only where it is below the smallest double
     * @throws IllegalArgumentException if a count is negative
     */
    public static double pValue(int wins, int losses) {
        if (wins < 0 || losses < 0) {
            throw new IllegalArgumentException(
                    "sign test: expected counts of at least 0, got " + wins + " wins and " + losses + " losses");
        }
        int n = Math.addExact(wins, losses);
        // sum of n over k for k = wins..n equals the sum for k = 0..losses.
        BigInteger choose = BigInteger.ONE;
        BigInteger sum = BigInteger.ONE;
        for (int k = 1; k <= losses; k++) {
            choose = choose.multiply(BigInteger.valueOf(n - k + 1L)).divide(BigInteger.valueOf(k));
            sum = sum.add(choose);
        }
        int drop = Math.max(0, sum.bitLength() - KEPT_BITS);
        return Math.scalb((double) sum.shiftRight(drop).longValueExact(), drop - n);
    }
}
