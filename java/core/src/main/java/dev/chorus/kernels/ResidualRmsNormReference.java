package dev.chorus.kernels;

/** {@link ResidualRmsNorm} as it is defined, in double on plain arrays: for tests, and to read. Arguments are not checked. */
final class ResidualRmsNormReference {
    private ResidualRmsNormReference() {}

    /** y of a stream [N][C] that takes in delta, in place; delta may be null. */
    static double[][] forward(double[][] x, double[][] delta, double[] weight, double eps, double offset) {
        double[][] y = new double[x.length][weight.length];
        for (int n = 0; n < x.length; n++) {
            double squares = 0;
            for (int c = 0; c < weight.length; c++) {
                x[n][c] += delta == null ? 0 : delta[n][c];
                squares += x[n][c] * x[n][c];
            }
            double factor = 1 / Math.sqrt(squares / weight.length + eps);
            for (int c = 0; c < weight.length; c++) {
                y[n][c] = x[n][c] * factor * (weight[c] + offset);
            }
        }
        return y;
    }
}
