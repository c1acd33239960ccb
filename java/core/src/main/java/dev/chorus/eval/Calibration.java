package dev.chorus.eval;

import dev.chorus.math.Argmax;
import java.util.ArrayList;
import java.util.List;

/**
 * Whether predicted probabilities mean what they say.
 *
 * <pre>{@code
 * ece   = sum_b (n_b / N) |acc_b - conf_b|      bins (lo, hi] of equal width
 * mce   = max_b |acc_b - conf_b|                over bins that are not empty
 * brier = 1/N sum_n sum_k (p_nk - y_nk)^2       y one-hot
 * nll   = -1/N sum_n ln p_n,gold                nats
 * }</pre>
 *
 * <p>Bins and errors: Guo et al. 2017, arXiv:1706.04599, Eq. 3 to 5. Brier 1950, in its first, multi-class form (0 to
 * 2). An empty set gives NaN everywhere.
 *
 * @param ece   expected calibration error, 0 to 1
 * @param mce   maximum calibration error, 0 to 1
 * @param brier multi-class Brier score, 0 to 2
 * @param nll   mean negative log-likelihood in nats; infinite if a gold label was given probability 0
 * @param bins  of equal width, from low to high confidence
 */
public record Calibration(double ece, double mce, double brier, double nll, List<ReliabilityBin> bins) {

    /** Copies the bins. */
    public Calibration {
        bins = List.copyOf(bins);
    }

    /**
     * All measures; the confidence of a row is its largest probability, and the lowest label id wins a tie.
     *
     * @param probabilities [N, K], rows sum to 1
     * @param gold          [N] label ids in 0 to K - 1
     * @param bins          number of bins, at least 1
     * @return NaN measures and empty bins if N = 0
     * @throws IllegalArgumentException if the shapes disagree, a row is no distribution, a label is out of range, or
     *     {@code bins} is below 1
     */
    public static Calibration of(double[][] probabilities, int[] gold, int bins) {
        ProbabilityRows.check("calibration", probabilities, gold);
        double[] confidence = new double[gold.length];
        boolean[] correct = new boolean[gold.length];
        for (int n = 0; n < gold.length; n++) {
            int label = Argmax.of(probabilities[n]);
            // A float softmax may give 1 + 1e-7; as a confidence that is 1.
            confidence[n] = Math.min(1, probabilities[n][label]);
            correct[n] = label == gold[n];
        }
        List<ReliabilityBin> reliability = reliability(confidence, correct, bins);
        return new Calibration(
                expectedError(reliability),
                maximumError(reliability),
                brier(probabilities, gold),
                negativeLogLikelihood(probabilities, gold),
                reliability);
    }

    /**
     * Reliability bins of equal width; bin {@code ceil(confidence * bins) - 1}, and 0 for confidence 0.
     *
     * @param confidence [N], 0 to 1
     * @param correct    [N]
     * @param bins       number of bins, at least 1
     * @return {@code bins} bins, empty ones included
     * @throws IllegalArgumentException if the lengths differ, a confidence is out of range, or {@code bins} is below 1
     */
    public static List<ReliabilityBin> reliability(double[] confidence, boolean[] correct, int bins) {
        requireConfidences(confidence, correct);
        if (bins < 1) {
            throw new IllegalArgumentException("calibration: expected at least 1 bin, got " + bins);
        }
        long[] count = new long[bins];
        long[] right = new long[bins];
        double[] sum = new double[bins];
        for (int n = 0; n < confidence.length; n++) {
            int bin = Math.max(0, (int) Math.ceil(confidence[n] * bins) - 1);
            count[bin]++;
            sum[bin] += confidence[n];
            if (correct[n]) {
                right[bin]++;
            }
        }
        List<ReliabilityBin> result = new ArrayList<>(bins);
        for (int b = 0; b < bins; b++) {
            result.add(new ReliabilityBin(
                    (double) b / bins,
                    (double) (b + 1) / bins,
                    count[b],
                    sum[b] / count[b],
                    (double) right[b] / count[b]));
        }
        return List.copyOf(result);
    }

    /** Expected calibration error of these bins; NaN if all are empty. */
    public static double expectedError(List<ReliabilityBin> bins) {
        long total = total(bins);
        double sum = 0;
        for (ReliabilityBin bin : bins) {
            sum += bin.count() * bin.gap();
        }
        return sum / total;
    }

    /** Maximum calibration error of these bins; NaN if all are empty. */
    public static double maximumError(List<ReliabilityBin> bins) {
        return total(bins) == 0
                ? Double.NaN
                : bins.stream().mapToDouble(ReliabilityBin::gap).max().orElse(Double.NaN);
    }

    /**
     * Multi-class Brier score.
     *
     * @param probabilities [N, K], rows sum to 1
     * @param gold          [N] label ids in 0 to K - 1
     * @return 0 to 2; NaN if N = 0
     * @throws IllegalArgumentException if the shapes disagree, a row is no distribution, or a label is out of range
     */
    public static double brier(double[][] probabilities, int[] gold) {
        ProbabilityRows.check("brier", probabilities, gold);
        double sum = 0;
        for (int n = 0; n < gold.length; n++) {
            for (int k = 0; k < probabilities[n].length; k++) {
                double error = probabilities[n][k] - (k == gold[n] ? 1 : 0);
                sum += error * error;
            }
        }
        return sum / gold.length;
    }

    /**
     * Binary Brier score: mean of {@code (p - y)^2}, half of the multi-class score of the same two-class predictions.
     *
     * @param confidence [N] probability that the statement holds, 0 to 1
     * @param correct    [N] whether it holds
     * @return 0 to 1; NaN if N = 0
     * @throws IllegalArgumentException if the lengths differ or a probability is out of range
     */
    public static double binaryBrier(double[] confidence, boolean[] correct) {
        requireConfidences(confidence, correct);
        double sum = 0;
        for (int n = 0; n < confidence.length; n++) {
            double error = confidence[n] - (correct[n] ? 1 : 0);
            sum += error * error;
        }
        return sum / confidence.length;
    }

    /**
     * Mean negative log-likelihood of the gold labels.
     *
     * @param probabilities [N, K], rows sum to 1
     * @param gold          [N] label ids in 0 to K - 1
     * @return nats; infinite if a gold label was given probability 0 (never clipped); NaN if N = 0
     * @throws IllegalArgumentException if the shapes disagree, a row is no distribution, or a label is out of range
     */
    public static double negativeLogLikelihood(double[][] probabilities, int[] gold) {
        ProbabilityRows.check("negative log-likelihood", probabilities, gold);
        double sum = 0;
        for (int n = 0; n < gold.length; n++) {
            sum -= Math.log(probabilities[n][gold[n]]);
        }
        return sum / gold.length;
    }

    private static long total(List<ReliabilityBin> bins) {
        return bins.stream().mapToLong(ReliabilityBin::count).sum();
    }

    private static void requireConfidences(double[] confidence, boolean[] correct) {
        if (confidence.length != correct.length) {
            throw new IllegalArgumentException("calibration: expected as many confidences as outcomes ("
                    + correct.length + "), got " + confidence.length);
        }
        for (int n = 0; n < confidence.length; n++) {
            if (!(confidence[n] >= 0 && confidence[n] <= 1)) {
                throw new IllegalArgumentException(
                        "calibration: expected a confidence in [0, 1], got " + confidence[n] + " at index " + n);
            }
        }
    }
}
