package dev.chorus.kernels;

/** {@link Rotary} as it is defined, in double on plain arrays: for tests, and to read. Arguments are not checked. */
final class RotaryReference {
    private RotaryReference() {}

    /** One head in place; cos and sin are its position's, [r / 2]. */
    static void rotate(double[] x, double[] cos, double[] sin) {
        int half = cos.length;
        for (int i = 0; i < half; i++) {
            double first = x[i];
            double second = x[i + half];
            x[i] = first * cos[i] - second * sin[i];
            x[i + half] = second * cos[i] + first * sin[i];
        }
    }
}
