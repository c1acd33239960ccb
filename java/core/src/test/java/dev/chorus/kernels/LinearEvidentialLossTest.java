package dev.chorus.kernels;

import static dev.chorus.kernels.Tensors.assertClose;
import static dev.chorus.kernels.Tensors.doubles;
import static dev.chorus.kernels.Tensors.floats;
import static dev.chorus.kernels.Tensors.longs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.chorus.kernels.EvidentialLoss.Evidence;
import java.util.Arrays;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The chunks against the loss on all logits at once, which has a double reference of its own. */
@SuppressWarnings("try") // a PointerScope works by being open
class LinearEvidentialLossTest {
    private static final int ROWS = 13;
    private static final int WIDTH = 24;
    private static final int V = 101;
    private static final double KL_WEIGHT = 0.1;
    /** Products of chunks add 24 terms of size up to 2 in another order than one product: 24 * 2 * 6e-8, and the loss's slope. */
    private static final double SAME = 2e-5;

    private final Random random = new Random(91);
    private final double[][] hidden = Tensors.random(random, ROWS, WIDTH, -1, 1);
    private final double[][] weight = Tensors.random(random, V, WIDTH, -1, 1);
    private final double[] weights = Tensors.random(random, ROWS, 0.5, 2);
    private final double[] dloss = Tensors.random(random, ROWS, -1, 1);
    private final double[][] probabilities = Tensors.random(random, ROWS, 2, 0, 0.45);
    private final long[] ids = new long[2 * ROWS];

    LinearEvidentialLossTest() {
        for (int n = 0; n < ROWS; n++) {
            ids[2 * n] = random.nextInt(V);
            ids[2 * n + 1] = n % 3 == 0 ? -1 : (ids[2 * n] + 7) % V;
            if (n % 4 == 1) {
                weights[n] = 0;
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Evidence.class)
    void equalsTheLossOnAllLogits_whateverTheChunks(Evidence evidence) {
        try (PointerScope scope = new PointerScope()) {
            Tensor h = floats(hidden);
            Tensor w = floats(weight);
            Tensor named = longs(ids).reshape(ROWS, 2);
            Tensor rowWeights = floats(weights);
            Tensor logits = torch.mm(h, w.t());
            EvidentialLoss.Result expected = EvidentialTokenLoss.forwardBackwardInPlace(
                    floats(dloss), logits, named, floats(probabilities), rowWeights, evidence, KL_WEIGHT);
            for (long budget : new long[] {LinearLogProb.DEFAULT_BUDGET, 4000}) {
                HeadGradients into = new HeadGradients(torch.zeros(V, WIDTH), null);
                LinearEvidentialLoss.Gradients actual = LinearEvidentialLoss.forwardBackward(
                        h,
                        LanguageHead.of(w),
                        named,
                        floats(probabilities),
                        rowWeights,
                        floats(dloss),
                        evidence,
                        KL_WEIGHT,
                        into,
                        budget);
                assertClose(actual.result().loss(), doubles(expected.loss()), SAME);
                assertClose(actual.result().nll(), doubles(expected.nll()), SAME);
                assertClose(actual.result().kl(), doubles(expected.kl()), SAME);
                assertClose(actual.dhidden(), doubles(torch.mm(logits, w)), SAME);
                assertClose(into.dweight(), doubles(torch.mm(logits.t(), h)), SAME);
                EvidentialLoss.Result forward = LinearEvidentialLoss.forward(
                        h, LanguageHead.of(w), named, floats(probabilities), rowWeights, evidence, KL_WEIGHT, budget);
                assertThat(doubles(forward.loss()))
                        .isEqualTo(doubles(actual.result().loss()));
            }
        }
    }

    @Test
    void bf16HasTheDtypeOfTheHiddenStates() {
        try (PointerScope scope = new PointerScope()) {
            Tensor h = floats(hidden).toType(ScalarType.BFloat16);
            Tensor w = floats(weight).toType(ScalarType.BFloat16);
            Tensor named = longs(ids).reshape(ROWS, 2);
            Tensor logits = torch.mm(h, w.t());
            EvidentialLoss.Result expected =
                    EvidentialTokenLoss.forward(logits, named, floats(probabilities), null, Evidence.EXP, 0);
            LinearEvidentialLoss.Gradients actual = LinearEvidentialLoss.forwardBackward(
                    h,
                    LanguageHead.of(w),
                    named,
                    floats(probabilities),
                    null,
                    floats(dloss),
                    Evidence.EXP,
                    0,
                    null,
                    LinearLogProb.DEFAULT_BUDGET);
            // The same product, and so the same bits.
            assertThat(doubles(actual.result().loss())).isEqualTo(doubles(expected.loss()));
            assertThat(actual.dhidden().scalar_type().intern()).isEqualTo(ScalarType.BFloat16);
        }
    }

    @Test
    void badRowsAndHeadsAreExplained() {
        try (PointerScope scope = new PointerScope()) {
            Tensor h = floats(hidden);
            LanguageHead head = LanguageHead.of(floats(weight));
            long[] twice = ids.clone();
            twice[2 * 11] = 5;
            twice[2 * 11 + 1] = 5;
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> LinearEvidentialLoss.forward(
                            h,
                            head,
                            longs(twice).reshape(ROWS, 2),
                            floats(probabilities),
                            floats(weights),
                            Evidence.EXP,
                            0,
                            4000))
                    .withMessageContaining("row 11: id 5 is there twice");
            LanguageHead capped = new LanguageHead(head.weight(), null, 1, 30);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> LinearEvidentialLoss.forward(
                            h,
                            capped,
                            longs(ids).reshape(ROWS, 2),
                            floats(probabilities),
                            null,
                            Evidence.EXP,
                            0,
                            LinearLogProb.DEFAULT_BUDGET))
                    .withMessageContaining("head: expected a weight alone");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> LinearEvidentialLoss.forwardBackward(
                            h,
                            head,
                            longs(Arrays.copyOf(ids, 4)).reshape(2, 2),
                            floats(probabilities),
                            null,
                            floats(dloss),
                            Evidence.EXP,
                            0,
                            null,
                            LinearLogProb.DEFAULT_BUDGET))
                    .withMessageContaining("ids: expected shape [13, 2], got [2, 2]");
        }
    }
}
