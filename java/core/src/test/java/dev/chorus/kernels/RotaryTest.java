package dev.chorus.kernels;

import static dev.chorus.kernels.Tensors.assertClose;
import static dev.chorus.kernels.Tensors.doubles;
import static dev.chorus.kernels.Tensors.floats;
import static dev.chorus.kernels.Tensors.longs;
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
class RotaryTest {
    /** Two products and a sum of numbers below 2. */
    private static final double F32_RESULT = 4e-7;

    private static final double BF16_ROUNDING = 0.00391;

    @ParameterizedTest
    @CsvSource({"Float, 32, 32", "Float, 20, 10", "BFloat16, 64, 64", "BFloat16, 12, 4"})
    void equalsReference_onASliceOfAProduct(ScalarType dtype, int width, int rotated) {
        Random random = new Random(81);
        int heads = 3;
        int half = rotated / 2;
        long[] positions = {4, 0, 8, 4};
        try (PointerScope scope = new PointerScope()) {
            Tensor product =
                    floats(Tensors.random(random, 4, heads * width + 9, -2, 2)).toType(dtype);
            Tensor x = product.narrow(1, 5, (long) heads * width).view(4, heads, width);
            double[][] angles = Tensors.random(random, 9, half, -3, 3);
            Tensor cos = floats(angles).cos();
            Tensor sin = floats(angles).sin();
            double[] before = doubles(product);
            double[] expected = doubles(x);
            for (int n = 0; n < 4; n++) {
                double[] c = doubles(cos.select(0, positions[n]));
                double[] s = doubles(sin.select(0, positions[n]));
                for (int h = 0; h < heads; h++) {
                    int from = (n * heads + h) * width;
                    double[] head = Arrays.copyOfRange(expected, from, from + width);
                    RotaryReference.rotate(head, c, s);
                    System.arraycopy(head, 0, expected, from, width);
                }
            }
            Rotary.rotateInPlace(x, cos, sin, longs(positions));
            assertClose(doubles(x), expected, F32_RESULT, dtype == ScalarType.BFloat16 ? BF16_ROUNDING : 0);
            assertThat(doubles(product.narrow(1, 0, 5))).isEqualTo(columns(before, heads * width + 9, 0, 5));
            assertThat(doubles(product.narrow(1, (long) heads * width + 5, 4)))
                    .isEqualTo(columns(before, heads * width + 9, heads * width + 5, 4));
        }
    }

    private static double[] columns(double[] matrix, int width, int first, int count) {
        double[] values = new double[matrix.length / width * count];
        Arrays.setAll(values, i -> matrix[i / count * width + first + i % count]);
        return values;
    }

    @Test
    void refusesWrongTensorsAndPositions() {
        try (PointerScope scope = new PointerScope()) {
            Tensor x = floats(new double[][][] {{{1, 2, 3, 4}}});
            Tensor table = floats(new double[][] {{1, 0}, {0, 1}});
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> Rotary.rotateInPlace(x, table, table, longs(2)))
                    .withMessage(
                            "rotary failed on [N=1, heads=1, d=4, r=4] f32: rotary_f32: token 0: position 2 is outside the "
                                    + "tables' [0, 2)");
            assertThat(doubles(x)).containsExactly(1, 2, 3, 4);
            Tensor wide = floats(new double[][] {{1, 0, 1}});
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> Rotary.rotateInPlace(x, wide, wide, longs(0)))
                    .withMessageContaining("r = 6");
            TokenLogProbTest.assertRefused(
                    () -> Rotary.rotateInPlace(x, table, wide, longs(0)), "sin: expected shape [2, 2], got [1, 3]");
            TokenLogProbTest.assertRefused(
                    () -> Rotary.rotateInPlace(x.view(1, 4), table, table, longs(0)),
                    "x: expected shape [N, heads, d], got [1, 4]");
        }
    }
}
