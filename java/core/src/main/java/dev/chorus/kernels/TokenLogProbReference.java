package dev.chorus.kernels;

/** {@link TokenLogProb} as it is defined, in double on plain arrays: for tests, and to read. Arguments are not checked. */
final class TokenLogProbReference {
    private TokenLogProbReference() {}

    /** logps, lse and entropy, each [N], in nats. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Result(double[] logps, double[] lse, double[] entropy) {}

    static Result forward(double[][] logits, long[] targets, double[] weights) {
        int rows = logits.length;
        Result result = new Result(new double[rows], new double[rows], new double[rows]);
        for (int n = 0; n < rows; n++) {
            if (weights != null && weights[n] == 0) {
                continue;
            }
            double lse = logSumExp(logits[n]);
            result.lse[n] = lse;
            result.logps[n] = logits[n][(int) targets[n]] - lse;
            for (double z : logits[n]) {
                double p = Math.exp(z - lse);
                result.entropy[n] -= p > 0 ? p * (z - lse) : 0;
            }
        }
        return result;
    }

    /** dlogits [N, V]; rows of weight 0 are 0. */
    static double[][] backward(double[][] logits, long[] targets, double[] dlogps, double[] weights) {
        double[][] dlogits = new double[logits.length][];
        for (int n = 0; n < logits.length; n++) {
            dlogits[n] = new double[logits[n].length];
            double w = weights == null ? 1 : weights[n];
            if (w == 0) {
                continue;
            }
            double lse = logSumExp(logits[n]);
            for (int v = 0; v < logits[n].length; v++) {
                double onehot = v == targets[n] ? 1 : 0;
                dlogits[n][v] = w * dlogps[n] * (onehot - Math.exp(logits[n][v] - lse));
            }
        }
        return dlogits;
    }

    private static double logSumExp(double[] z) {
        double max = Double.NEGATIVE_INFINITY;
        for (double value : z) {
            max = Math.max(max, value);
        }
        double sum = 0;
        for (double value : z) {
            sum += Math.exp(value - max);
        }
        return max + Math.log(sum);
    }
}
