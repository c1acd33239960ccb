package dev.chorus.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.function.ToDoubleFunction;

/** Central differences for losses in double. */
final class RowDifferences {
    /** Half a unit of the last of ten or eight decimals, and double's rounding. */
    static final double TEN_DIGITS = 5e-11 + 1e-14;

    static final double EIGHT_DIGITS = 5e-9 + 1e-14;

    private static final double STEP = 1e-5;

    /** Truncation: STEP^2 / 6 of third derivatives up to some hundred; rounding: 1e-15 of losses of a few nats over STEP. */
    private static final double TOLERANCE = 1e-8;

    private RowDifferences() {}

    /** The gradient equals central differences of the value. */
    static void assertGradient(double[] gradient, double[] at, ToDoubleFunction<double[]> value) {
        assertThat(gradient).hasSameSizeAs(at);
        for (int k = 0; k < at.length; k++) {
            double kept = at[k];
            at[k] = kept + STEP;
            double above = value.applyAsDouble(at);
            at[k] = kept - STEP;
            double below = value.applyAsDouble(at);
            at[k] = kept;
            double slope = (above - below) / (2 * STEP);
            assertThat(gradient[k])
                    .as("column %d", k)
                    .isCloseTo(slope, within(TOLERANCE * Math.max(1, Math.abs(slope))));
        }
    }
}
