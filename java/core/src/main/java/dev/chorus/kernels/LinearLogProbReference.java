package dev.chorus.kernels;

/** {@link LinearLogProb} as it is defined, in double on plain arrays: for tests, and to read. Arguments are not checked. */
final class LinearLogProbReference {
    private LinearLogProbReference() {}

    /** The head; bias may be null. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Head(double[][] weight, double[] bias, double scale, double softCap) {}

    /** All results and gradients; rows of weight 0 are 0. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Result(
            double[] logps,
            double[] kl,
            double[] lse,
            double[] entropy,
            double[] top1,
            double[][] dhidden,
            double[][] dweight,
            double[] dbias) {}

    /** The target distribution of a row, given the softmax p of its logits. */
    interface Target {
        double[] of(int row, double[] p);
    }

    static Target tokens(long[] ids) {
        return (row, p) -> {
            double[] t = new double[p.length];
            t[(int) ids[row]] = 1;
            return t;
        };
    }

    static Target named(long[][] ids, double[][] probabilities) {
        return (row, p) -> {
            double[] t = new double[p.length];
            boolean[] named = new boolean[p.length];
            double left = 1;
            double rest = 1;
            for (int i = 0; i < ids[row].length; i++) {
                int id = (int) ids[row][i];
                if (id >= 0) {
                    named[id] = true;
                    t[id] = probabilities[row][i];
                    left -= t[id];
                    rest -= p[id];
                }
            }
            for (int v = 0; v < p.length; v++) {
                if (!named[v]) {
                    t[v] = p[v] * left / rest;
                }
            }
            return t;
        };
    }

    static Target dense(double[][] probabilities) {
        return (row, p) -> probabilities[row];
    }

    static Result forwardBackward(double[][] hidden, Head head, Target target, double[] weights, double[] dlogps) {
        int rows = hidden.length;
        int vocabulary = head.weight.length;
        int width = head.weight[0].length;
        Result result = new Result(
                new double[rows],
                new double[rows],
                new double[rows],
                new double[rows],
                new double[rows],
                new double[rows][width],
                new double[vocabulary][width],
                new double[vocabulary]);
        for (int n = 0; n < rows; n++) {
            double w = weights == null ? 1 : weights[n];
            if (w == 0) {
                continue;
            }
            double[] z = new double[vocabulary];
            double[] slope = new double[vocabulary];
            for (int v = 0; v < vocabulary; v++) {
                double product = head.bias == null ? 0 : head.bias[v];
                for (int c = 0; c < width; c++) {
                    product += hidden[n][c] * head.weight[v][c];
                }
                double u = head.scale * product;
                double tanh = head.softCap > 0 ? Math.tanh(u / head.softCap) : 0;
                z[v] = head.softCap > 0 ? head.softCap * tanh : u;
                slope[v] = head.scale * (1 - tanh * tanh);
            }
            double lse = logSumExp(z);
            double[] p = new double[vocabulary];
            for (int v = 0; v < vocabulary; v++) {
                p[v] = Math.exp(z[v] - lse);
                result.entropy[n] -= p[v] * (z[v] - lse);
                result.top1[n] = Math.max(result.top1[n], p[v]);
            }
            result.lse[n] = lse;
            double[] t = target.of(n, p);
            double mass = 0;
            for (int v = 0; v < vocabulary; v++) {
                mass += t[v];
                result.logps[n] += t[v] * (z[v] - lse);
                result.kl[n] += t[v] == 0 ? 0 : t[v] * (Math.log(t[v]) - (z[v] - lse));
            }
            for (int v = 0; v < vocabulary; v++) {
                double d = w * dlogps[n] * (t[v] - p[v] * mass) * slope[v];
                result.dbias[v] += d;
                for (int c = 0; c < width; c++) {
                    result.dhidden[n][c] += d * head.weight[v][c];
                    result.dweight[v][c] += d * hidden[n][c];
                }
            }
        }
        return result;
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
