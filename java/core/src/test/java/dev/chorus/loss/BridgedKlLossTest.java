package dev.chorus.loss;

import static dev.chorus.loss.Differences.GOLDEN;
import static dev.chorus.loss.Differences.logSoftmax;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.kernels.LanguageHead;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.Random;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class BridgedKlLossTest {
    @Test
    void golden() {
        try (Scope scope = new Scope()) {
            LossValue loss = loss(new double[][] {{2, 1, 0, -1}}, new long[] {1}, new double[] {.6}, new double[] {1});
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
                    loss(logits, targets, scores, weights), logits, z -> plain(z, targets, scores, weights));
        }
    }

    /** Score 1 leaves plain cross-entropy. */
    @Test
    void fullScoreIsCrossEntropy() {
        double[][] logits = Differences.logits(new Random(22), 2, 5);
        long[] targets = {4, 1};
        try (Scope scope = new Scope()) {
            LossValue bridged = loss(logits, targets, new double[] {1, 1}, new double[] {.5, .5});
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
            LossValue loss = loss(logits, new long[] {1}, new double[] {p}, new double[] {1});
            assertThat(loss.value()).isCloseTo(0, within(GOLDEN));
            assertThat(Tensors.toRows(loss.gradient())[0]).containsExactly(new double[3], within(GOLDEN));
        }
    }

    /** Where nothing is left for the rest, half a label's mass goes evenly over it: a certain student is pulled back. */
    @Test
    void certainStudentIsPulledBack() {
        try (Scope scope = new Scope()) {
            LossValue loss = loss(
                    new double[][] {{200, 0, -200}, {200, 0, -200}},
                    new long[] {0, 2},
                    new double[] {.5, .5},
                    new double[] {.5, 1});
            // KL of (1/2, 1/4, 1/4) and (1/2, 0, 1/2) from the softmax, whose logarithms are (0, -200, -400).
            double first = .5 * Math.log(.5) + .5 * Math.log(.25) + .25 * (200 + 400);
            double second = Math.log(.5) + .5 * 400;
            assertThat(loss.value()).isCloseTo(.5 * first + second, within(1e-6 * second));
            double[][] gradient = Tensors.toRows(loss.gradient());
            assertThat(gradient[0]).containsExactly(new double[] {.25, -.125, -.125}, within(GOLDEN));
            assertThat(gradient[1]).containsExactly(new double[] {.5, 0, -.5}, within(GOLDEN));
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

    /** With an identity for a head, hidden states are logits. */
    private static LossValue loss(double[][] logits, long[] targets, double[] scores, double[] weights) {
        int v = logits[0].length;
        LanguageHead head = LanguageHead.of(torch.eye(v));
        return BridgedKlLoss.of(Tensors.floats(logits, v), head, null, targets, scores, weights);
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
