package dev.chorus.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.torch.Tensors;
import java.util.Arrays;
import java.util.Random;
import java.util.function.ToDoubleFunction;

/** Plain double arithmetic that losses are held against. */
final class Differences {
    /** Golden values have eight decimals or more; inputs are rounded to f32 (6e-8 of them). */
    static final double GOLDEN = 2e-7;

    /** Losses of a few nats in f32, summed over a few rows. */
    static final double VALUE = 2e-6;

    /** Gradients at most 1, rounded to f32, against differences in double that are good to 1e-9. */
    static final double GRADIENT = 1e-6;

    /** Truncation is its square times a third derivative below 1; rounding is 1e-16 over it. */
    private static final double STEP = 1e-5;

    private Differences() {}

    /** Rounded to f32, so that kernel and reference see the same numbers. */
    static double[][] logits(Random random, int rows, int columns) {
        double[][] logits = new double[rows][columns];
        for (double[] row : logits) {
            Arrays.setAll(row, k -> (float) (6 * random.nextDouble() - 3));
        }
        return logits;
    }

    /** Rows on the simplex. */
    static double[][] simplex(Random random, int rows, int columns) {
        double[][] labels = new double[rows][columns];
        for (double[] row : labels) {
            Arrays.setAll(row, k -> random.nextDouble());
            double sum = Arrays.stream(row).sum();
            Arrays.setAll(row, k -> row[k] / sum);
        }
        return labels;
    }

    static double[] logSoftmax(double[] z) {
        double max = Arrays.stream(z).max().orElseThrow();
        double lse = max
                + Math.log(Arrays.stream(z).map(value -> Math.exp(value - max)).sum());
        return Arrays.stream(z).map(value -> value - lse).toArray();
    }

    /** The loss's gradient equals central differences of the plain computation. */
    static void assertGradient(LossValue loss, double[][] logits, ToDoubleFunction<double[][]> plain) {
        assertThat(loss.value()).isCloseTo(plain.applyAsDouble(logits), within(VALUE));
        double[][] gradient = Tensors.toRows(loss.gradient());
        assertThat(gradient).hasDimensions(logits.length, logits[0].length);
        for (int i = 0; i < logits.length; i++) {
            for (int j = 0; j < logits[i].length; j++) {
                double kept = logits[i][j];
                logits[i][j] = kept + STEP;
                double above = plain.applyAsDouble(logits);
                logits[i][j] = kept - STEP;
                double below = plain.applyAsDouble(logits);
                logits[i][j] = kept;
                assertThat(gradient[i][j])
                        .as("row %d, column %d", i, j)
                        .isCloseTo((above - below) / (2 * STEP), within(GRADIENT));
            }
        }
    }
}
