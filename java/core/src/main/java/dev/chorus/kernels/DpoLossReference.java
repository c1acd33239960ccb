package dev.chorus.kernels;

/** {@link DpoLoss} as it is defined, in double on plain arrays: for tests, and to read. Arguments are not checked. */
final class DpoLossReference {
    private DpoLossReference() {}

    /** loss and rewards, each [P]. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Result(double[] loss, double[] chosenRewards, double[] rejectedRewards) {}

    static Result forward(
            double[] policyChosen,
            double[] policyRejected,
            double[] refChosen,
            double[] refRejected,
            double[] weights,
            double[] flip,
            double beta) {
        int pairs = policyChosen.length;
        Result result = new Result(new double[pairs], new double[pairs], new double[pairs]);
        for (int n = 0; n < pairs; n++) {
            double w = weights == null ? 1 : weights[n];
            if (w == 0) {
                continue;
            }
            double epsilon = flip == null ? 0 : flip[n];
            result.chosenRewards[n] = beta * (policyChosen[n] - refChosen[n]);
            result.rejectedRewards[n] = beta * (policyRejected[n] - refRejected[n]);
            double x = result.chosenRewards[n] - result.rejectedRewards[n];
            result.loss[n] = w * (-(1 - epsilon) * logSigmoid(x) - epsilon * logSigmoid(-x));
        }
        return result;
    }

    /** Gradient with respect to policyChosen [P]; that of policyRejected is its negative. */
    static double[] backward(
            double[] dloss,
            double[] policyChosen,
            double[] policyRejected,
            double[] refChosen,
            double[] refRejected,
            double[] weights,
            double[] flip,
            double beta) {
        double[] dchosen = new double[policyChosen.length];
        for (int n = 0; n < dchosen.length; n++) {
            double w = weights == null ? 1 : weights[n];
            if (w == 0) {
                continue;
            }
            double epsilon = flip == null ? 0 : flip[n];
            double x = beta * ((policyChosen[n] - refChosen[n]) - (policyRejected[n] - refRejected[n]));
            dchosen[n] = dloss[n] * w * beta * (epsilon - 1 / (1 + Math.exp(x)));
        }
        return dchosen;
    }

    private static double logSigmoid(double x) {
        return Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
    }
}
