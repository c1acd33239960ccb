package dev.chorus.kernels;

import dev.chorus.kernels.GatedActivation.Activation;

/** {@link GatedActivation} as it is defined, in double: for tests, and to read. */
final class GatedActivationReference {
    private static final double STEP = 1e-3;

    private GatedActivationReference() {}

    static double of(Activation activation, double gate, double up) {
        return up
                * switch (activation) {
                    case SILU -> gate / (1 + Math.exp(-gate));
                    case GELU_TANH ->
                        gate * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (gate + 0.044715 * gate * gate * gate))) / 2;
                    case GELU_ERF -> gate * normalCdf(gate);
                };
    }

    /** The standard normal's distribution function: Simpson's rule over the density from 0, whose error is below 1e-13. */
    private static double normalCdf(double x) {
        int steps = 2 * (int) Math.ceil(Math.abs(x) / STEP / 2 + 1);
        double h = x / steps;
        double sum = 0;
        for (int i = 0; i <= steps; i++) {
            double factor = i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2;
            sum += factor * Math.exp(-(i * h) * (i * h) / 2);
        }
        return 0.5 + sum * h / 3 / Math.sqrt(2 * Math.PI);
    }
}
