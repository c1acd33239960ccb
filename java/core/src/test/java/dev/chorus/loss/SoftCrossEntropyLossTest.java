package dev.chorus.loss;

import static dev.chorus.loss.Differences.GOLDEN;
import static dev.chorus.loss.Differences.logSoftmax;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SoftCrossEntropyLossTest {
    private static final double[][] WEAK = {{.9, .05, .05}, {.6, .3, .1}, {.2, .7, .1}};
    private static final double[] LAMBDA = {.25, .25, .5};
    private static final double[] GOLDEN_VALUES = {.55760596, .90760596, 1.30760596};

    private static final double[][] Z = {{1, 0, -1}};

    @Test
    void threeWeakLabels() {
        try (Scope scope = new Scope()) {
            for (int i = 0; i < WEAK.length; i++) {
                assertThat(SoftCrossEntropyLoss.of(Tensors.floats(Z, 3), new double[][] {WEAK[i]})
                                .value())
                        .isCloseTo(GOLDEN_VALUES[i], within(GOLDEN));
            }
            assertThat(SoftCrossEntropyLoss.of(Tensors.floats(Z, 3), new double[][] {average()})
                            .value())
                    .isCloseTo(1.0201059645, within(GOLDEN));
        }
    }

    /** The loss is linear in the label, so an ensemble needs no loss of its own. */
    @Test
    void averagedLabelEqualsWeightedSumOfLosses() {
        try (Scope scope = new Scope()) {
            LossValue averaged = SoftCrossEntropyLoss.of(Tensors.floats(Z, 3), new double[][] {average()});
            double value = 0;
            double[] gradient = new double[3];
            for (int i = 0; i < WEAK.length; i++) {
                LossValue each = SoftCrossEntropyLoss.of(Tensors.floats(Z, 3), new double[][] {WEAK[i]});
                value += LAMBDA[i] * each.value();
                for (int k = 0; k < 3; k++) {
                    gradient[k] += LAMBDA[i] * Tensors.toRows(each.gradient())[0][k];
                }
            }
            assertThat(averaged.value()).isCloseTo(value, within(GOLDEN));
            assertThat(Tensors.toRows(averaged.gradient())[0]).containsExactly(gradient, within(GOLDEN));
        }
    }

    @Test
    void equalsPlainComputation() {
        Random random = new Random(9);
        double[][] logits = Differences.logits(random, 5, 4);
        double[][] labels = Differences.simplex(random, 5, 4);
        // A row may also carry less than one whole label.
        labels[2] = new double[] {0.25, 0, 0.25, 0};
        try (Scope scope = new Scope()) {
            Differences.assertGradient(
                    SoftCrossEntropyLoss.of(Tensors.floats(logits, 4), labels), logits, z -> plain(z, labels));
        }
    }

    private static double[] average() {
        double[] average = new double[3];
        for (int i = 0; i < WEAK.length; i++) {
            for (int k = 0; k < 3; k++) {
                average[k] += LAMBDA[i] * WEAK[i][k];
            }
        }
        return average;
    }

    private static double plain(double[][] logits, double[][] labels) {
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            double[] logp = logSoftmax(logits[i]);
            for (int k = 0; k < logp.length; k++) {
                sum -= labels[i][k] * logp[k];
            }
        }
        return sum / logits.length;
    }
}
