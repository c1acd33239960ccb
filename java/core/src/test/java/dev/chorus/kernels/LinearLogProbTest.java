package dev.chorus.kernels;

import static dev.chorus.kernels.Tensors.assertClose;
import static dev.chorus.kernels.Tensors.doubles;
import static dev.chorus.kernels.Tensors.flat;
import static dev.chorus.kernels.Tensors.floats;
import static dev.chorus.kernels.Tensors.leaf;
import static dev.chorus.kernels.Tensors.longs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("try") // a PointerScope works by being open
class LinearLogProbTest {
    /** A product of up to 24 terms of size up to 2 in f32 is off by 24 * 2 * 6e-8 at worst; the row itself by 3e-7. */
    private static final double RESULT = 4e-6;
    /** Gradients add up to 13 rows or 101 tokens of such terms, times |w dlogp| up to 6. */
    private static final double GRADIENT = 6 * 4e-6;
    /** bf16 has 8 bits: a logit of size up to 8 is off by 2^-9 of it, and so are inputs of the later products. */
    private static final double BF16_RESULT = 0.05;

    private static final double BF16_GRADIENT = 0.1;

    private static final long ROOMY = LinearLogProb.DEFAULT_BUDGET;

    /** Inputs as arrays. */
    private static final class Case {
        final Random random = new Random(81);
        final int rows;
        final double[][] hidden;
        final double[][] weight;
        final double[] bias;
        final double[] weights;
        final double[] dlogps;
        final long[] ids;
        final long[][] named;
        final double[][] probabilities;
        final double[][] dense;

        Case(int rows, int width, int vocabulary) {
            this.rows = rows;
            hidden = Tensors.random(random, rows, width, -1, 1);
            weight = Tensors.random(random, vocabulary, width, -2, 2);
            bias = Tensors.random(random, vocabulary, -1, 1);
            weights = Tensors.random(random, rows, 0.1, 3);
            for (int n = 1; n < rows; n += 3) {
                weights[n] = 0;
            }
            dlogps = Tensors.random(random, rows, -2, 2);
            ids = random.longs(rows, 0, vocabulary).toArray();
            int k = Math.min(3, vocabulary - 1);
            named = new long[rows][k];
            probabilities = new double[rows][k];
            dense = Tensors.random(random, rows, vocabulary, 0, 1);
            for (int n = 0; n < rows; n++) {
                for (int i = 0; i < k; i++) {
                    named[n][i] = i > 0 && n % 2 == 0 && i == k - 1 ? -1 : (ids[n] + i) % vocabulary;
                    probabilities[n][i] = (float) (random.nextDouble() / k);
                }
                double sum = Arrays.stream(dense[n]).sum();
                for (int v = 0; v < vocabulary; v++) {
                    dense[n][v] = (float) (dense[n][v] / sum);
                }
            }
        }

        HeadTarget target(String kind) {
            return switch (kind) {
                case "token" -> new HeadTarget.Token(longs(ids));
                case "named" ->
                    new HeadTarget.Named(
                            longs(Arrays.stream(named)
                                            .flatMapToLong(Arrays::stream)
                                            .toArray())
                                    .reshape(rows, named[0].length),
                            floats(probabilities));
                default -> new HeadTarget.Dense(floats(dense));
            };
        }

        LinearLogProbReference.Target reference(String kind) {
            return switch (kind) {
                case "token" -> LinearLogProbReference.tokens(ids);
                case "named" -> LinearLogProbReference.named(named, probabilities);
                default -> LinearLogProbReference.dense(dense);
            };
        }
    }

    @ParameterizedTest
    @CsvSource({
        "token, 1, 1, 2, false, 1, 0",
        "token, 13, 24, 101, false, 1, 0",
        "token, 13, 24, 101, true, -1.5, 3",
        "named, 13, 24, 101, false, 1, 0",
        "named, 7, 5, 33, true, 0.5, 0",
        "named, 7, 5, 33, false, 1, 4",
        "dense, 13, 24, 101, false, 1, 0",
        "dense, 5, 3, 17, true, 2, 5",
    })
    void equalsReference_whateverTheChunks(
            String kind, int rows, int width, int vocabulary, boolean bias, double scale, double cap) {
        Case c = new Case(rows, width, vocabulary);
        LinearLogProbReference.Result expected = LinearLogProbReference.forwardBackward(
                c.hidden,
                new LinearLogProbReference.Head(c.weight, bias ? c.bias : null, scale, cap),
                c.reference(kind),
                c.weights,
                c.dlogps);
        try (PointerScope scope = new PointerScope()) {
            LanguageHead head = new LanguageHead(floats(c.weight), bias ? floats(c.bias) : null, scale, cap);
            Tensor hidden = floats(c.hidden);
            Tensor weights = floats(c.weights);
            Tensor dlogps = floats(c.dlogps);
            // Room for all rows, and for two or three at a time.
            for (long budget : new long[] {ROOMY, 3000}) {
                HeadGradients into =
                        new HeadGradients(torch.zeros(vocabulary, width), bias ? torch.zeros(vocabulary) : null);
                LinearLogProb.Gradients actual =
                        LinearLogProb.forwardBackward(hidden, head, c.target(kind), weights, dlogps, into, budget);
                assertClose(actual.result().logps(), expected.logps(), RESULT);
                assertClose(actual.result().kl(), expected.kl(), RESULT);
                assertClose(actual.result().lse(), expected.lse(), RESULT);
                assertClose(actual.result().entropy(), expected.entropy(), 2 * RESULT);
                assertClose(actual.result().top1(), expected.top1(), RESULT);
                assertClose(actual.dhidden(), flat(expected.dhidden()), GRADIENT);
                assertClose(into.dweight(), flat(expected.dweight()), GRADIENT);
                if (bias) {
                    assertClose(into.dbias(), expected.dbias(), GRADIENT);
                }
                LinearLogProb.Result forward = LinearLogProb.forward(hidden, head, c.target(kind), weights, budget);
                assertThat(doubles(forward.logps()))
                        .isEqualTo(doubles(actual.result().logps()));
                assertThat(doubles(forward.top1()))
                        .isEqualTo(doubles(actual.result().top1()));
            }
        }
    }

    @Test
    void top1IsTheLargestProbability_whereSeveralShareIt() {
        try (PointerScope scope = new PointerScope()) {
            // Logits (3, 3, 3, -1), (-2, -2, -2, 4) and, of weight 0, whatever.
            Tensor hidden = floats(new double[][] {{1, 0}, {0, 1}, {1, 1}});
            LanguageHead head = LanguageHead.of(floats(new double[][] {{3, -2}, {3, -2}, {3, -2}, {-1, 4}}));
            HeadTarget target = new HeadTarget.Token(longs(new long[] {1, 0, 3}));
            LinearLogProb.Result result =
                    LinearLogProb.forward(hidden, head, target, floats(new double[] {1, 0.5, 0}), ROOMY);
            double shared = 1 / (3 + Math.exp(-4));
            double alone = 1 / (1 + 3 * Math.exp(-6));
            assertClose(result.top1(), new double[] {shared, alone, 0}, RESULT);
        }
    }

    @Test
    void equalsAutogradThroughLibTorch() {
        Case c = new Case(13, 24, 101);
        try (PointerScope scope = new PointerScope()) {
            Tensor hidden = leaf(floats(c.hidden));
            Tensor weight = leaf(floats(c.weight));
            Tensor logps = torch.log_softmax(torch.mm(hidden, weight.t()), 1)
                    .gather(1, longs(c.ids).unsqueeze(1))
                    .squeeze(1);
            logps.mul(floats(c.dlogps).mul(floats(c.weights))).sum().backward();

            HeadGradients into = new HeadGradients(torch.zeros(101, 24), null);
            Tensor h = floats(c.hidden).requires_grad_(true);
            LinearLogProb.Gradients actual = LinearLogProb.forwardBackward(
                    h,
                    LanguageHead.of(floats(c.weight)),
                    c.target("token"),
                    floats(c.weights),
                    floats(c.dlogps),
                    into,
                    ROOMY);
            assertClose(actual.dhidden(), doubles(hidden.grad()), GRADIENT);
            assertClose(into.dweight(), doubles(weight.grad()), GRADIENT);
            assertThat(actual.dhidden().requires_grad()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"token", "named", "dense"})
    void bf16IsCloseToReference_whateverTheChunks(String kind) {
        Case c = new Case(13, 24, 101);
        try (PointerScope scope = new PointerScope()) {
            Tensor hidden = floats(c.hidden).toType(ScalarType.BFloat16);
            Tensor weight = floats(c.weight).toType(ScalarType.BFloat16);
            LinearLogProbReference.Result expected = LinearLogProbReference.forwardBackward(
                    rows(hidden, 24),
                    new LinearLogProbReference.Head(rows(weight, 24), null, 1, 0),
                    c.reference(kind),
                    c.weights,
                    c.dlogps);
            for (long budget : new long[] {ROOMY, 3000}) {
                HeadGradients into = new HeadGradients(torch.zeros(101, 24), null);
                LinearLogProb.Gradients actual = LinearLogProb.forwardBackward(
                        hidden,
                        LanguageHead.of(weight),
                        c.target(kind),
                        floats(c.weights),
                        floats(c.dlogps),
                        into,
                        budget);
                assertThat(actual.dhidden().scalar_type().intern()).isEqualTo(ScalarType.BFloat16);
                assertClose(actual.result().logps(), expected.logps(), BF16_RESULT);
                assertClose(actual.result().kl(), expected.kl(), BF16_RESULT);
                assertClose(actual.result().top1(), expected.top1(), BF16_RESULT);
                assertClose(actual.dhidden(), flat(expected.dhidden()), BF16_GRADIENT);
                assertClose(into.dweight(), flat(expected.dweight()), BF16_GRADIENT);
            }
        }
    }

    @Test
    void gradientsOfTheHeadAreAdded_andMayBeLeftOut() {
        Case c = new Case(5, 4, 7);
        try (PointerScope scope = new PointerScope()) {
            Tensor hidden = floats(c.hidden);
            LanguageHead head = new LanguageHead(floats(c.weight), floats(c.bias), 1, 0);
            Tensor dlogps = floats(c.dlogps);
            HeadGradients into = new HeadGradients(torch.zeros(7, 4), torch.zeros(7));
            LinearLogProb.forwardBackward(hidden, head, c.target("token"), null, dlogps, into, ROOMY);
            double[] once = doubles(into.dweight());
            LinearLogProb.forwardBackward(hidden, head, c.target("token"), null, dlogps, into, ROOMY);
            assertClose(into.dweight(), Arrays.stream(once).map(x -> 2 * x).toArray(), 0);
            Tensor alone = LinearLogProb.forwardBackward(hidden, head, c.target("token"), null, dlogps, null, ROOMY)
                    .dhidden();
            assertThat(doubles(alone)).hasSize(20);
            // Without its bias' gradient.
            LinearLogProb.forwardBackward(
                    hidden, head, c.target("token"), null, dlogps, new HeadGradients(into.dweight(), null), ROOMY);
        }
    }

    @Test
    void weightZeroIsRemoved_andWeightTwoIsTwice() {
        Case c = new Case(4, 6, 11);
        try (PointerScope scope = new PointerScope()) {
            LanguageHead head = LanguageHead.of(floats(c.weight));
            Tensor hidden = floats(c.hidden);
            // Rows 1 and 3 hold nonsense that nobody looks at.
            hidden.select(0, 1).fill_(dev.chorus.torch.Tensors.scalar(Double.NaN));
            long[] ids = c.ids.clone();
            ids[3] = -100;
            HeadGradients into = new HeadGradients(torch.zeros(11, 6), null);
            LinearLogProb.Gradients two = LinearLogProb.forwardBackward(
                    hidden,
                    head,
                    new HeadTarget.Token(longs(ids)),
                    floats(new double[] {2, 0, 1, 0}),
                    floats(new double[] {0.5, Double.NaN, 0.5, 0.5}),
                    into,
                    ROOMY);
            double[] logps = doubles(two.result().logps());
            assertThat(logps[1]).isZero();
            assertThat(logps[3]).isZero();
            Tensor twice = torch.cat(dev.chorus.torch.Tensors.vector(
                    hidden.narrow(0, 0, 1), hidden.narrow(0, 0, 1), hidden.narrow(0, 2, 1)));
            HeadGradients other = new HeadGradients(torch.zeros(11, 6), null);
            LinearLogProb.forwardBackward(
                    twice,
                    head,
                    new HeadTarget.Token(longs(ids[0], ids[0], ids[2])),
                    null,
                    floats(new double[] {0.5, 0.5, 0.5}),
                    other,
                    ROOMY);
            assertClose(into.dweight(), doubles(other.dweight()), 1e-6);
            // Nothing is left.
            LinearLogProb.Result none =
                    LinearLogProb.forward(hidden, head, new HeadTarget.Token(longs(ids)), floats(new double[4]), ROOMY);
            assertThat(doubles(none.lse())).containsOnly(0);
        }
    }

    @Test
    void noRows() {
        try (PointerScope scope = new PointerScope()) {
            LinearLogProb.Gradients none = LinearLogProb.forwardBackward(
                    torch.empty(0, 4),
                    LanguageHead.of(torch.ones(7, 4)),
                    new HeadTarget.Token(longs()),
                    null,
                    KernelArguments.emptyFloats(0),
                    null,
                    ROOMY);
            assertThat(none.result().logps().numel()).isZero();
            assertThat(none.dhidden().size(1)).isEqualTo(4);
        }
    }

    @Test
    void badValuesAreNamedByTheirRow() {
        Case c = new Case(6, 3, 5);
        try (PointerScope scope = new PointerScope()) {
            LanguageHead head = LanguageHead.of(floats(c.weight));
            long[] ids = c.ids.clone();
            ids[5] = 5;
            // Row 5 is row 1 of the second chunk, once with all rows and once among those that count.
            for (double[] weights : new double[][] {{1, 1, 1, 1, 1, 1}, {0, 1, 1, 1, 1, 1}}) {
                assertThatExceptionOfType(KernelException.class)
                        .isThrownBy(() -> LinearLogProb.forward(
                                floats(c.hidden), head, new HeadTarget.Token(longs(ids)), floats(weights), 700))
                        .withMessageContaining("row 5: target 5 is outside [0, 5)");
            }
            Tensor hidden = floats(c.hidden);
            hidden.select(0, 4).fill_(dev.chorus.torch.Tensors.scalar(Double.NaN));
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> LinearLogProb.forward(hidden, head, c.target("token"), null, 700))
                    .withMessageContaining("row 4: logit 0 is NaN");
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> LinearLogProb.forward(
                            floats(c.hidden), head, c.target("token"), floats(new double[] {1, 1, -1, 1, 1, 1}), ROOMY))
                    .withMessageContaining("row 2: weight is -1");
        }
    }

    @Test
    void badArgumentsAreExplained() {
        Case c = new Case(4, 3, 5);
        try (PointerScope scope = new PointerScope()) {
            LanguageHead head = LanguageHead.of(floats(c.weight));
            Tensor hidden = floats(c.hidden);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> LinearLogProb.forward(hidden, head, c.target("token"), null, 100))
                    .withMessageContaining("budget: expected at least")
                    .withMessageContaining("got 100");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> LinearLogProb.forward(
                            hidden.toType(ScalarType.BFloat16), head, c.target("token"), null, ROOMY))
                    .withMessageContaining("weight: expected dtype BFloat16, got Float");
            assertThatIllegalArgumentException()
                    .isThrownBy(
                            () -> LinearLogProb.forward(hidden, head, new HeadTarget.Token(longs(1, 2)), null, ROOMY))
                    .withMessageContaining("ids: expected shape [4], got [2]");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> LinearLogProb.forward(hidden, head, null, null, ROOMY))
                    .withMessageContaining("target: expected one");
            assertThatIllegalArgumentException()
                    .isThrownBy(() ->
                            LinearLogProb.forwardBackward(hidden, head, c.target("token"), null, null, null, ROOMY))
                    .withMessageContaining("dlogps: expected a tensor");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> LinearLogProb.forwardBackward(
                            hidden,
                            head,
                            c.target("token"),
                            null,
                            floats(c.dlogps),
                            new HeadGradients(torch.zeros(5, 3), torch.zeros(5)),
                            ROOMY))
                    .withMessageContaining("dbias: expected null");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new LanguageHead(hidden, null, 0, 0))
                    .withMessageContaining("scale: expected a finite number other than 0, got 0");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new LanguageHead(hidden, null, 1, -1))
                    .withMessageContaining("softCap");
        }
    }

    private static double[][] rows(Tensor tensor, int width) {
        double[] values = doubles(tensor);
        double[][] rows = new double[values.length / width][];
        Arrays.setAll(rows, n -> Arrays.copyOfRange(values, n * width, (n + 1) * width));
        return rows;
    }
}
