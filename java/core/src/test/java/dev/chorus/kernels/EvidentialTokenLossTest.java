package dev.chorus.kernels;

import static dev.chorus.kernels.Tensors.assertClose;
import static dev.chorus.kernels.Tensors.doubles;
import static dev.chorus.kernels.Tensors.flat;
import static dev.chorus.kernels.Tensors.floats;
import static dev.chorus.kernels.Tensors.leaf;
import static dev.chorus.kernels.Tensors.longs;
import static dev.chorus.kernels.TokenLogProbTest.assertRefused;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chorus.kernels.EvidentialLoss.Evidence;
import java.util.Arrays;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@SuppressWarnings("try") // a PointerScope works by being open
class EvidentialTokenLossTest {
    /** What the plain sums of the references lose to cancellation at the strengths used here, S below 1e5. */
    private static final double CANCELLATION = 1e-8;
    /** Golden values have eight or ten decimals, and the label .6 is rounded to f32. */
    private static final double GOLDEN = 4e-8;
    /** bf16 has 8 significant bits: rounding to nearest costs 2^-8 of the value at most. */
    private static final double BF16_ROUNDING = 0.00391;

    private static final double KL_WEIGHT = 0.3;

    @ParameterizedTest
    @EnumSource(Evidence.class)
    void equalsReferenceAndLibTorch(Evidence evidence) {
        int[][] shapes = {{1, 1, 1}, {2, 5, 1}, {7, 17, 3}, {3, 1009, 4}};
        for (int[] shape : shapes) {
            Rows rows = new Rows(shape[0], shape[1], shape[2]);
            try (PointerScope scope = new PointerScope()) {
                Tensor z = floats(rows.logits);
                Tensor i = longs(rows.flatIds()).reshape(shape[0], shape[2]);
                Tensor p = floats(rows.probabilities);
                Tensor w = floats(rows.weights);
                Tensor d = floats(rows.dloss);
                Tensor autograd = leaf(z);

                EvidentialLossReference.Result reference = EvidentialTokenLossReference.forward(
                        rows.logits, rows.ids, rows.probabilities, rows.weights, evidence, KL_WEIGHT);
                double[] gradient = flat(EvidentialTokenLossReference.backward(
                        rows.dloss, rows.logits, rows.ids, rows.probabilities, rows.weights, evidence, KL_WEIGHT));
                EvidentialLoss.Result forward = EvidentialTokenLoss.forward(z, i, p, w, evidence, KL_WEIGHT);
                assertClose(z, flat(rows.logits), 0);
                EvidentialLoss.Result both =
                        EvidentialTokenLoss.forwardBackwardInPlace(d, z, i, p, w, evidence, KL_WEIGHT);
                for (EvidentialLoss.Result result : new EvidentialLoss.Result[] {forward, both}) {
                    assertClose(result.loss(), reference.loss(), CANCELLATION);
                    assertClose(result.nll(), reference.nll(), CANCELLATION);
                    assertClose(result.kl(), reference.kl(), CANCELLATION);
                }
                assertClose(z, gradient, CANCELLATION);

                double[][][] labels = EvidentialTokenLossReference.labels(rows.logits, rows.ids, rows.probabilities);
                // In f64: labels rounded to f32 would be another loss.
                Tensor stock = EvidentialLossTest.stock(
                        autograd, doubleTensor(labels), floats(ones(shape[0])), w, evidence, KL_WEIGHT);
                assertClose(both.loss(), doubles(stock), CANCELLATION);
                stock.mul(d.toType(ScalarType.Double)).sum().backward();
                assertClose(z, doubles(autograd.grad()), CANCELLATION);
            }
        }
    }

    private static double[][] ones(int rows) {
        double[][] ones = new double[rows][1];
        Arrays.stream(ones).forEach(row -> row[0] = 1);
        return ones;
    }

    private static Tensor doubleTensor(double[][][] labels) {
        double[] all = Arrays.stream(labels)
                .flatMap(Arrays::stream)
                .flatMapToDouble(Arrays::stream)
                .toArray();
        try (TensorOptions options = new TensorOptions(ScalarType.Double)) {
            Tensor tensor = torch.empty(new long[] {labels.length, 1, labels[0][0].length}, options, null);
            tensor.data_ptr_double().put(all);
            return tensor;
        }
    }

    @ParameterizedTest
    @EnumSource(Evidence.class)
    void bf16LogitsBecomeBf16Gradients(Evidence evidence) {
        Rows rows = new Rows(5, 70, 3);
        try (PointerScope scope = new PointerScope()) {
            // A column slice, so that rows lie apart.
            Tensor wide = floats(Tensors.random(new Random(72), 5, 77, -4, 4)).toType(ScalarType.BFloat16);
            Tensor z = wide.narrow(1, 3, 70);
            double[] flat = doubles(z);
            double[][] logits = new double[5][];
            Arrays.setAll(logits, n -> Arrays.copyOfRange(flat, n * 70, (n + 1) * 70));
            Tensor i = longs(rows.flatIds()).reshape(5, 3);
            Tensor p = floats(rows.probabilities);
            double[] edge = doubles(wide.narrow(1, 0, 3));
            EvidentialLoss.Result result =
                    EvidentialTokenLoss.forwardBackwardInPlace(floats(rows.dloss), z, i, p, null, evidence, KL_WEIGHT);
            assertClose(
                    result.loss(),
                    EvidentialTokenLossReference.forward(
                                    logits, rows.ids, rows.probabilities, null, evidence, KL_WEIGHT)
                            .loss(),
                    CANCELLATION);
            assertClose(
                    doubles(z),
                    flat(EvidentialTokenLossReference.backward(
                            rows.dloss, logits, rows.ids, rows.probabilities, null, evidence, KL_WEIGHT)),
                    CANCELLATION,
                    BF16_ROUNDING);
            assertClose(wide.narrow(1, 0, 3), edge, 0);
        }
    }

    @Test
    void goldenOfFourTokens() {
        try (PointerScope scope = new PointerScope()) {
            Tensor z = floats(new double[][] {{2, 1, 0, -1}});
            Tensor ids = longs(1).reshape(1, 1);
            Tensor s = floats(new double[][] {{.6}});
            EvidentialLoss.Result both = EvidentialTokenLoss.forward(z, ids, s, null, Evidence.EXP, 1);
            assertClose(both.nll(), new double[] {1.1964809000}, GOLDEN);
            assertClose(both.kl(), new double[] {1.2516677159}, GOLDEN);
            assertClose(both.loss(), new double[] {1.1964809000 + 1.2516677159}, GOLDEN);
            EvidentialLoss.Result nll = EvidentialTokenLoss.forwardBackwardInPlace(
                    floats(new double[] {1}), z, ids, s, null, Evidence.EXP, 0);
            assertClose(nll.loss(), new double[] {1.1964809000}, GOLDEN);
            assertClose(nll.kl(), new double[] {0}, 0);
            assertClose(z, new double[] {.18019195, -.26298128, .04178041, .01925287}, GOLDEN);
        }
    }

    @Test
    void kernelExceptionNamesTheRow() {
        try (PointerScope scope = new PointerScope()) {
            Tensor z = floats(new double[][] {{1, 0}, {0, 2}});
            Tensor s = floats(new double[][] {{.5}, {.5}});
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(
                            () -> EvidentialTokenLoss.forward(z, longs(0, 2).reshape(2, 1), s, null, Evidence.EXP, 1))
                    .withMessage("evidential_token failed on [N=2, V=2, k=1] f32: evidential_token_f32: "
                            + "row 1: id 0 is 2, expected -1 or in [0, 2)");
        }
    }

    @Test
    void refusesWrongArguments() {
        try (PointerScope scope = new PointerScope()) {
            Tensor z = floats(new double[][] {{1, 0}, {0, 2}});
            Tensor ids = longs(0, 1).reshape(2, 1);
            Tensor s = floats(new double[][] {{.5}, {.5}});
            assertRefused(
                    () -> EvidentialTokenLoss.forward(z, longs(0, 1), s, null, Evidence.EXP, 1),
                    "ids: expected shape [N, k], got [2]");
            assertRefused(
                    () -> EvidentialTokenLoss.forward(z, s, s, null, Evidence.EXP, 1),
                    "ids: expected dtype Long, got Float");
            assertRefused(
                    () -> EvidentialTokenLoss.forward(z, ids, z, null, Evidence.EXP, 1),
                    "probabilities: expected shape [2, 1], got [2, 2]");
            assertRefused(
                    () -> EvidentialTokenLoss.forward(z, ids, s, null, null, 1),
                    "evidence: expected EXP, SOFTPLUS or RELU, got null");
            assertRefused(
                    () -> EvidentialTokenLoss.forward(z, ids, s, null, Evidence.EXP, Double.NaN),
                    "klWeight: expected a finite number of at least 0, got NaN");
            assertRefused(
                    () -> EvidentialTokenLoss.forwardBackwardInPlace(null, z, ids, s, null, Evidence.EXP, 1),
                    "dloss: expected a tensor, got null");
        }
    }

    /** Random rows; the second, if there is one, has weight 0, and every third named slot but the first is unused. */
    private static final class Rows {
        final double[][] logits;
        final long[][] ids;
        final double[][] probabilities;
        final double[] weights;
        final double[] dloss;

        Rows(int rows, int vocabulary, int named) {
            Random random = new Random(71);
            logits = Tensors.random(random, rows, vocabulary, -4, 4);
            probabilities = Tensors.random(random, rows, named, 0.1 / named, 0.9 / named);
            ids = new long[rows][named];
            for (long[] row : ids) {
                int first = random.nextInt(vocabulary);
                Arrays.setAll(row, j -> j % 3 == 2 ? -1 : (first + j) % vocabulary);
            }
            weights = Tensors.random(random, rows, 0.1, 3);
            dloss = Tensors.random(random, rows, -2, 2);
            if (rows > 1) {
                weights[1] = 0;
            }
        }

        long[] flatIds() {
            return Arrays.stream(ids).flatMapToLong(Arrays::stream).toArray();
        }
    }
}
