package dev.chorus.kernels;

import static dev.chorus.kernels.Tensors.assertClose;
import static dev.chorus.kernels.Tensors.doubles;
import static dev.chorus.kernels.Tensors.flat;
import static dev.chorus.kernels.Tensors.floats;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Arrays;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@SuppressWarnings("try") // a PointerScope works by being open
class ResidualRmsNormTest {
    /** Products and a factor in f32, and f32 sums of squares of one sign. */
    private static final double F32_RESULT = 2e-6;

    private static final double BF16_ROUNDING = 0.00391;

    @ParameterizedTest
    @CsvSource({
        "Float, Float, Float, 0",
        "Float, BFloat16, BFloat16, 1",
        "BFloat16, BFloat16, BFloat16, 0",
        "BFloat16, BFloat16, Float, 1",
        "Float, Float, BFloat16, 0"
    })
    void equalsReference_andRowsMayLieApart(
            ScalarType yType, ScalarType deltaType, ScalarType weightType, double offset) {
        Random random = new Random(71);
        try (PointerScope scope = new PointerScope()) {
            Tensor storage = floats(Tensors.random(random, 5, 60, -3, 3));
            Tensor x = storage.narrow(1, 3, 50);
            Tensor delta = floats(Tensors.random(random, 5, 70, -1, 1))
                    .toType(deltaType)
                    .narrow(1, 0, 50);
            Tensor weight = floats(Tensors.random(random, 50, 0.1, 2)).toType(weightType);
            Tensor y = KernelArguments.emptyFloats(5, 64).toType(yType).narrow(1, 7, 50);
            double[] before = doubles(storage);
            double[][] stream = rowsOf(x);
            double[][] expected =
                    ResidualRmsNormReference.forward(stream, rowsOf(delta), doubles(weight), 1e-6, offset);
            ResidualRmsNorm.forwardInto(y, x, delta, weight, 1e-6, offset);
            // A sum of numbers below 4, rounded once.
            assertClose(doubles(x), flat(stream), 2.5e-7, 0);
            assertClose(
                    doubles(y),
                    flat(expected),
                    1e-6,
                    yType == ScalarType.BFloat16 ? BF16_ROUNDING + F32_RESULT : F32_RESULT);
            double[] after = doubles(storage);
            for (int n = 0; n < 5; n++) {
                for (int c : new int[] {0, 1, 2, 53, 59}) {
                    assertThat(after[n * 60 + c]).isEqualTo(before[n * 60 + c]);
                }
            }
        }
    }

    @Test
    void withoutDeltaTheStreamStays_andTheResultHasTheWeightsType() {
        try (PointerScope scope = new PointerScope()) {
            Tensor x = floats(new double[][] {{3, 4}});
            Tensor weight = floats(new double[] {1, 2}).toType(ScalarType.BFloat16);
            Tensor y = ResidualRmsNorm.forward(x, null, weight, 0.5, 0);
            assertThat(y.scalar_type().intern()).isEqualTo(ScalarType.BFloat16);
            // 3 and 8 over sqrt(13), rounded to bf16.
            assertClose(doubles(y), new double[] {0.83205029, 2.21880078}, 0, BF16_ROUNDING);
            assertThat(doubles(x)).containsExactly(3, 4);
        }
    }

    @Test
    void refusesWrongTensorsAndNumbers() {
        try (PointerScope scope = new PointerScope()) {
            Tensor x = floats(new double[][] {{3, 4}});
            Tensor weight = floats(new double[] {1, 2});
            TokenLogProbTest.assertRefused(
                    () -> ResidualRmsNorm.forward(x, null, floats(new double[] {1}), 1e-5, 0),
                    "weight: expected shape [2], got [1]");
            TokenLogProbTest.assertRefused(
                    () -> ResidualRmsNorm.forward(x.toType(ScalarType.BFloat16), null, weight, 1e-5, 0),
                    "x: expected dtype Float, got BFloat16");
            TokenLogProbTest.assertRefused(
                    () -> ResidualRmsNorm.forward(x, x.t(), weight, 1e-5, 0),
                    "delta: expected shape [1, 2], got [2, 1]");
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> ResidualRmsNorm.forward(x, null, weight, 0, 0))
                    .withMessageContaining("eps = 0, offset = 0, expected both finite and eps > 0");
        }
    }

    private static double[][] rowsOf(Tensor matrix) {
        double[] values = doubles(matrix);
        int columns = Math.toIntExact(matrix.size(1));
        double[][] rows = new double[Math.toIntExact(matrix.size(0))][];
        Arrays.setAll(rows, n -> Arrays.copyOfRange(values, n * columns, (n + 1) * columns));
        return rows;
    }
}
