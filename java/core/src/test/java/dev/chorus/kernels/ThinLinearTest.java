package dev.chorus.kernels;

import static dev.chorus.kernels.Tensors.assertClose;
import static dev.chorus.kernels.Tensors.doubles;
import static dev.chorus.kernels.Tensors.floats;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

@SuppressWarnings("try") // a PointerScope works by being open
class ThinLinearTest {
    /** Sums of 70 products of numbers below 1, rounded in f32. */
    private static final double F32_SUM = 5e-6;

    private static final double BF16_ROUNDING = 0.00391;

    @Test
    void equalsLibTorchInDouble() {
        try (PointerScope scope = new PointerScope()) {
            for (ScalarType dtype : new ScalarType[] {ScalarType.Float, ScalarType.BFloat16}) {
                // Every second half of a row, so that rows lie apart.
                Tensor x = floats(Tensors.random(new Random(3), 9, 140, -1, 1))
                        .toType(dtype)
                        .narrow(1, 70, 70);
                Tensor weight =
                        floats(Tensors.random(new Random(4), 37, 70, -1, 1)).toType(dtype);
                Tensor bias = floats(Tensors.random(new Random(5), 1, 37, -1, 1))
                        .toType(dtype)
                        .view(37);
                double relative = dtype == ScalarType.Float ? 0 : BF16_ROUNDING;
                for (Tensor b : new Tensor[] {null, bias}) {
                    TensorOptional exact = b == null ? new TensorOptional() : new TensorOptional(wide(b));
                    double[] expected = doubles(torch.linear(wide(x), wide(weight), exact));
                    assertClose(doubles(ThinLinear.of(x, weight, b)), expected, F32_SUM, relative);
                }
                double[] together = doubles(ThinLinear.of(x, weight, bias));
                double[] alone = doubles(ThinLinear.of(x.narrow(0, 8, 1), weight, bias));
                for (int o = 0; o < 37; o++) {
                    assertThat(alone[o]).isEqualTo(together[8 * 37 + o]);
                }
            }
        }
    }

    @Test
    void refusesWrongTensors() {
        try (PointerScope scope = new PointerScope()) {
            Tensor x = floats(new double[][] {{1, 2}});
            TokenLogProbTest.assertRefused(
                    () -> ThinLinear.of(x, x.toType(ScalarType.BFloat16), null),
                    "weight: expected dtype Float, got BFloat16");
            TokenLogProbTest.assertRefused(
                    () -> ThinLinear.of(x, floats(new double[][] {{1, 2, 3}}), null),
                    "weight: expected shape [1, 2], got [1, 3]");
            TokenLogProbTest.assertRefused(() -> ThinLinear.of(x, x, x), "bias: expected shape [1], got [1, 2]");
        }
    }

    private static Tensor wide(Tensor tensor) {
        return tensor.toType(ScalarType.Double);
    }
}
