package dev.chorus.kernels;

import static dev.chorus.kernels.Tensors.assertClose;
import static dev.chorus.kernels.Tensors.doubles;
import static dev.chorus.kernels.Tensors.floats;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.kernels.GatedActivation.Activation;
import java.util.Arrays;
import java.util.Random;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@SuppressWarnings("try") // a PointerScope works by being open
class GatedActivationTest {
    /** Exponents below 15 of gates below 5 in size: e^y is good to 1.9e-7 |y|; a few roundings besides. */
    private static final double F32_RESULT = 4e-6;

    private static final double BF16_ROUNDING = 0.00391;

    @ParameterizedTest
    @EnumSource
    void equalsReferenceAndLibTorch_inPlaceOnASliceOfAProduct(Activation activation) {
        try (PointerScope scope = new PointerScope()) {
            for (ScalarType dtype : new ScalarType[] {ScalarType.Float, ScalarType.BFloat16}) {
                Tensor product =
                        floats(Tensors.random(new Random(91), 7, 66, -5, 5)).toType(dtype);
                Tensor gate = product.narrow(1, 0, 33);
                Tensor up = product.narrow(1, 33, 33);
                double[] g = doubles(gate);
                double[] u = doubles(up);
                double[] expected = new double[g.length];
                Arrays.setAll(expected, i -> GatedActivationReference.of(activation, g[i], u[i]));
                Tensor stock = stock(activation, gate.toType(ScalarType.Double)).mul(up);
                // The definitions agree in double.
                assertClose(doubles(stock), expected, 1e-11, 0);
                Tensor out = GatedActivation.forward(gate, up, activation);
                double rounding = dtype == ScalarType.BFloat16 ? BF16_ROUNDING : 0;
                assertClose(doubles(out), expected, 1e-11, F32_RESULT + rounding);
                GatedActivation.forwardInto(gate, gate, up, activation);
                assertThat(doubles(gate)).isEqualTo(doubles(out));
                assertThat(doubles(up)).isEqualTo(u);
            }
        }
    }

    private static Tensor stock(Activation activation, Tensor gate) {
        return switch (activation) {
            case SILU -> torch.silu(gate);
            case GELU_TANH -> torch.gelu(gate, new BytePointer("tanh"));
            case GELU_ERF -> torch.gelu(gate, new BytePointer("none"));
        };
    }

    @Test
    void refusesWrongTensors() {
        try (PointerScope scope = new PointerScope()) {
            Tensor x = floats(new double[][] {{1, 2}});
            TokenLogProbTest.assertRefused(
                    () -> GatedActivation.forward(x, x.toType(ScalarType.BFloat16), Activation.SILU),
                    "up: expected dtype Float as gate has, got BFloat16");
            TokenLogProbTest.assertRefused(
                    () -> GatedActivation.forward(x, x.t(), Activation.SILU), "up: expected shape [1, 2], got [2, 1]");
            TokenLogProbTest.assertRefused(
                    () -> GatedActivation.forwardInto(floats(new double[][] {{1}}), x, x, Activation.SILU),
                    "out: expected shape [1, 2], got [1, 1]");
        }
    }
}
