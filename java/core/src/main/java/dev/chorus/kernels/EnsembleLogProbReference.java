package dev.chorus.kernels;

/**
 * {@link EnsembleLogProb} and {@link RaggedEnsembleLogProb} as they are defined, in double on plain arrays: for tests, and to
 * read. Arguments are not checked; weights may be null.
 */
final class EnsembleLogProbReference {
    private EnsembleLogProbReference() {}

    /** ln sum_w omega_w e^x_w; a model of omega 0 is not looked at. */
    static double logMixture(double[] x, double[] omega) {
        double max = Double.NEGATIVE_INFINITY;
        for (int w = 0; w < x.length; w++) {
            max = omega[w] > 0 ? Math.max(max, x[w]) : max;
        }
        double sum = 0;
        for (int w = 0; w < x.length; w++) {
            sum += omega[w] > 0 ? omega[w] * Math.exp(x[w] - max) : 0;
        }
        return max + Math.log(sum);
    }

    /** omega_w e^x_w / sum_i omega_i e^x_i. */
    static double responsibility(double[] x, double[] omega, int w) {
        return omega[w] > 0 ? omega[w] * Math.exp(x[w] - logMixture(x, omega)) : 0;
    }

    /** mixture [N] of logps [W, N]; 0 where the weight is 0. */
    static double[] mixture(double[][] logps, double[] omega, double[] weights) {
        double[] mixture = new double[logps[0].length];
        for (int n = 0; n < mixture.length; n++) {
            mixture[n] = weight(weights, n) == 0 ? 0 : logMixture(column(logps, n), omega);
        }
        return mixture;
    }

    /** sum_n w_n x_n over each sequence, [S]. */
    static double[] sums(double[] x, double[] weights, long[] offsets) {
        double[] sums = new double[offsets.length - 1];
        for (int s = 0; s < sums.length; s++) {
            for (int n = (int) offsets[s]; n < offsets[s + 1]; n++) {
                sums[s] += weight(weights, n) * x[n];
            }
        }
        return sums;
    }

    /** Each model's dlogits [W, N, V]; all gradients that come in are given. */
    static double[][][] backward(
            double[][][] logits,
            long[] targets,
            double[][] dlogps,
            double[] dmixture,
            double[][] dsequence,
            double[] dsequenceMixture,
            double[] weights,
            double[] omega,
            long[] offsets) {
        int models = logits.length;
        double[][] logps = new double[models][];
        for (int w = 0; w < models; w++) {
            logps[w] =
                    TokenLogProbReference.forward(logits[w], targets, weights).logps();
        }
        double[][][] dlogits = new double[models][][];
        for (int w = 0; w < models; w++) {
            double[] d = new double[targets.length];
            for (int s = 0; s + 1 < offsets.length; s++) {
                for (int n = (int) offsets[s]; n < offsets[s + 1]; n++) {
                    double share = responsibility(column(logps, n), omega, w);
                    d[n] = dlogps[w][n] + dsequence[w][s] + share * (dmixture[n] + dsequenceMixture[s]);
                }
            }
            dlogits[w] = TokenLogProbReference.backward(logits[w], targets, d, weights);
        }
        return dlogits;
    }

    static double[] column(double[][] rows, int n) {
        double[] column = new double[rows.length];
        for (int w = 0; w < rows.length; w++) {
            column[w] = rows[w][n];
        }
        return column;
    }

    private static double weight(double[] weights, int n) {
        return weights == null ? 1 : weights[n];
    }
}
