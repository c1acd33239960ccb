package dev.chorus.loss;

import static dev.chorus.loss.Differences.logSoftmax;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.kernels.HeadGradients;
import dev.chorus.kernels.LanguageHead;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.Random;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class CrossEntropyLossTest {
    private static final int V = 7;
    private static final long[] TARGETS = {3, 0, 6, 3};

    /** Four equal weights in other orders of addition: two roundings to f32 of gradients below 1. */
    private static final double SAME = 1.2e-7;

    private final double[][] logits = Differences.logits(new Random(3), TARGETS.length, V);

    @Test
    void equalsPlainComputation() {
        try (Scope scope = new Scope()) {
            Differences.assertGradient(
                    CrossEntropyLoss.of(Tensors.floats(logits, V), TARGETS, null),
                    logits,
                    z -> plain(z, TARGETS, null));
            float[] weights = {0.5f, 2, 0, 1};
            Differences.assertGradient(
                    CrossEntropyLoss.of(Tensors.floats(logits, V), TARGETS, weights),
                    logits,
                    z -> plain(z, TARGETS, weights));
        }
    }

    @Test
    void weightZeroIsRemoved() {
        try (Scope scope = new Scope()) {
            LossValue weighted = CrossEntropyLoss.of(Tensors.floats(logits, V), TARGETS, new float[] {1, 0, 1, 1});
            LossValue removed = CrossEntropyLoss.of(
                    Tensors.floats(new double[][] {logits[0], logits[2], logits[3]}, V), new long[] {3, 6, 3}, null);
            assertThat(weighted.value()).isEqualTo(removed.value());
            double[][] with = Tensors.toRows(weighted.gradient());
            double[][] without = Tensors.toRows(removed.gradient());
            assertThat(with[0]).containsExactly(without[0]);
            assertThat(with[1]).containsOnly(0);
            assertThat(with[2]).containsExactly(without[1]);
            assertThat(with[3]).containsExactly(without[2]);
        }
    }

    @Test
    void weightTwoIsDuplicated() {
        try (Scope scope = new Scope()) {
            LossValue weighted = CrossEntropyLoss.of(Tensors.floats(logits, V), TARGETS, new float[] {1, 2, 1, 1});
            double[][] five = {logits[0], logits[1], logits[1], logits[2], logits[3]};
            LossValue twice = CrossEntropyLoss.of(Tensors.floats(five, V), new long[] {3, 0, 0, 6, 3}, null);
            assertThat(weighted.value()).isCloseTo(twice.value(), within(SAME));
            double[][] once = Tensors.toRows(weighted.gradient());
            double[][] doubled = Tensors.toRows(twice.gradient());
            for (int k = 0; k < V; k++) {
                assertThat(once[1][k]).isCloseTo(doubled[1][k] + doubled[2][k], within(SAME));
                assertThat(once[3][k]).isCloseTo(doubled[4][k], within(SAME));
            }
        }
    }

    @Test
    void noRowsOrNoWeightIsZero() {
        try (Scope scope = new Scope()) {
            LossValue none = CrossEntropyLoss.of(Tensors.zeros(0, V), new long[0], null);
            assertThat(none.value()).isZero();
            LossValue unweighted = CrossEntropyLoss.of(Tensors.floats(logits, V), TARGETS, new float[4]);
            assertThat(unweighted.value()).isZero();
            assertThat(Tensors.toFloats(unweighted.gradient())).containsOnly(0);
        }
    }

    private static double plain(double[][] logits, long[] targets, float[] weights) {
        double sum = 0;
        double total = 0;
        for (int i = 0; i < targets.length; i++) {
            double w = weights == null ? 1 : weights[i];
            sum -= w * logSoftmax(logits[i])[(int) targets[i]];
            total += w;
        }
        return sum / total;
    }

    @Test
    void fromHiddenStatesEqualsFromLogits() {
        float[] weights = {0.5f, 2, 0, 1};
        try (Scope scope = new Scope()) {
            Tensor hidden = Tensors.floats(Differences.logits(new Random(4), TARGETS.length, 5), 5);
            Tensor weight = Tensors.floats(Differences.logits(new Random(5), V, 5), 5);
            for (float[] w : new float[][] {null, weights}) {
                HeadGradients into = new HeadGradients(Tensors.zeros(V, 5), null);
                LossValue actual = CrossEntropyLoss.ofHidden(hidden, LanguageHead.of(weight), into, TARGETS, w);
                LossValue expected = CrossEntropyLoss.of(torch.mm(hidden, weight.t()), TARGETS, w);
                assertThat(actual.value()).isCloseTo(expected.value(), within(SAME));
                assertThat(actual.gradient().allclose(torch.mm(expected.gradient(), weight), 1e-5, 1e-6, false))
                        .isTrue();
                assertThat(into.dweight().allclose(torch.mm(expected.gradient().t(), hidden), 1e-5, 1e-6, false))
                        .isTrue();
            }
            LossValue none = CrossEntropyLoss.ofHidden(
                    hidden, LanguageHead.of(weight), null, TARGETS, new float[TARGETS.length]);
            assertThat(none.value()).isZero();
            assertThat(Tensors.toFloats(none.gradient())).hasSize(4 * 5).containsOnly(0);
        }
    }
}
