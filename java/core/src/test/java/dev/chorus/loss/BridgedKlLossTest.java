package dev.chorus.loss;

import static dev.chorus.loss.Differences.GOLDEN;
import static dev.chorus.loss.Differences.logSoftmax;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BridgedKlLossTest {
    @Test
    void golden() {
        try (Scope scope = new Scope()) {
            LossValue loss = BridgedKlLoss.of(
                    Tensors.floats(new double[][] {{2, 1, 0, -1}}, 4), new long[] {1}, new double[] {.6}, new double[] {
                        1
                    });
            assertThat(loss.value()).isCloseTo(.2992396237, within(GOLDEN));
            assertThat(Tensors.toRows(loss.gradient())[0])
                    .containsExactly(new double[] {.30639637, -.36311718, .04146624, .01525458}, within(GOLDEN));
        }
    }

    @Test
    void equalsPlainComputation() {
        double[][] logits = Differences.logits(new Random(21), 4, 6);
        long[] targets = {5, 0, 2, 2};
        // The ends of the range too: a token that the weak model is sure of, and one that it rules out.
        double[] scores = {0.3, 0.95, 1, 0};
        double[] weights = {0.25, 0.5, 0.125, 0.125};
        try (Scope scope = new Scope()) {
            Differences.assertGradient(
                    BridgedKlLoss.of(Tensors.floats(logits, 6), targets, scores, weights),
                    logits,
                    z -> plain(z, targets, scores, weights));
        }
    }

    /** Score 1 leaves plain cross-entropy. */
    @Test
    void fullScoreIsCrossEntropy() {
        double[][] logits = Differences.logits(new Random(22), 2, 5);
        long[] targets = {4, 1};
        try (Scope scope = new Scope()) {
            LossValue bridged =
                    BridgedKlLoss.of(Tensors.floats(logits, 5), targets, new double[] {1, 1}, new double[] {.5, .5});
            LossValue hard = CrossEntropyLoss.of(Tensors.floats(logits, 5), targets, null);
            assertThat(bridged.value()).isCloseTo(hard.value(), within(GOLDEN));
            double[][] expected = Tensors.toRows(hard.gradient());
            double[][] gradient = Tensors.toRows(bridged.gradient());
            for (int i = 0; i < 2; i++) {
                assertThat(gradient[i]).containsExactly(expected[i], within(GOLDEN));
            }
        }
    }

    /** A student that agrees with the weak model's score has nothing to learn. */
    @Test
    void agreementHasNoGradient() {
        double[][] logits = {{1, 0.5, -2}};
        double p = Math.exp(logSoftmax(logits[0])[1]);
        try (Scope scope = new Scope()) {
            LossValue loss =
                    BridgedKlLoss.of(Tensors.floats(logits, 3), new long[] {1}, new double[] {p}, new double[] {1});
            assertThat(loss.value()).isCloseTo(0, within(GOLDEN));
            assertThat(Tensors.toRows(loss.gradient())[0]).containsExactly(new double[3], within(GOLDEN));
        }
    }

    /** Where the student is certain, the rest of its mass is a rounding error: no infinity may come of it. */
    @Test
    void certainStudentStaysFinite() {
        try (Scope scope = new Scope()) {
            LossValue loss = BridgedKlLoss.of(
                    Tensors.floats(new double[][] {{200, 0, -200}, {200, 0, -200}}, 3),
                    new long[] {0, 2},
                    new double[] {.5, .5},
                    new double[] {.5, .5});
            assertThat(loss.value()).isFinite().isPositive();
            for (float gradient : Tensors.toFloats(loss.gradient())) {
                assertThat(gradient).isFinite();
            }
        }
    }

    @Test
    void top1IsTheLargestProbability() {
        double[][] logits = Differences.logits(new Random(23), 3, 5);
        try (Scope scope = new Scope()) {
            double[] top1 = BridgedKlLoss.top1(Tensors.floats(logits, 5));
            for (int i = 0; i < 3; i++) {
                double expected = 0;
                for (double logp : logSoftmax(logits[i])) {
                    expected = Math.max(expected, Math.exp(logp));
                }
                assertThat(top1[i]).isCloseTo(expected, within(GOLDEN));
            }
        }
    }

    private static double plain(double[][] logits, long[] targets, double[] scores, double[] weights) {
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            double p = Math.exp(logSoftmax(logits[i])[(int) targets[i]]);
            double s = scores[i];
            double kl = (s > 0 ? s * Math.log(s / p) : 0) + (s < 1 ? (1 - s) * Math.log((1 - s) / (1 - p)) : 0);
            sum += weights[i] * kl;
        }
        return sum;
    }
}
