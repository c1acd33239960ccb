package dev.chorus.kernels;

import static dev.chorus.kernels.TokenLogProbTest.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import org.assertj.core.data.Offset;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

@SuppressWarnings("try") // a PointerScope works by being open
class GammaFunctionsTest {
    /** What the plain functions lose where lnGamma and digamma pass through zero. */
    private static final double PLAIN = 1e-13;

    @Test
    void agreeWithThePlainFunctionsAndLibTorch() {
        try (PointerScope scope = new PointerScope()) {
            Tensor narrow = Tensors.floats(Tensors.random(new Random(71), 7, 143, 0.001, 30));
            Tensor wide = narrow.toType(ScalarType.Double);
            for (Tensor x : new Tensor[] {narrow, wide}) {
                double absolute = isNarrow(x) ? 1e-12 : PLAIN;
                double relative = isNarrow(x) ? Tensors.F32_ROUNDING : PLAIN;
                check(GammaFunctions.lnGamma(x), x, SpecialFunctions::lnGamma, Tensor::lgamma, absolute, relative);
                check(GammaFunctions.digamma(x), x, SpecialFunctions::digamma, Tensor::digamma, absolute, relative);
                check(
                        GammaFunctions.trigamma(x),
                        x,
                        SpecialFunctions::trigamma,
                        y -> y.polygamma(1),
                        absolute,
                        relative);
            }
        }
    }

    private static boolean isNarrow(Tensor x) {
        return x.scalar_type().intern() == ScalarType.Float;
    }

    private static void check(
            Tensor actual,
            Tensor x,
            DoubleUnaryOperator plain,
            UnaryOperator<Tensor> stock,
            double absolute,
            double relative) {
        assertThat(KernelArguments.shape(actual)).isEqualTo(KernelArguments.shape(x));
        assertThat(actual.scalar_type().intern()).isEqualTo(x.scalar_type().intern());
        double[] arguments = Tensors.doubles(x);
        double[] values = Tensors.doubles(actual);
        double[] torch = Tensors.doubles(stock.apply(x.toType(ScalarType.Double)));
        for (int i = 0; i < values.length; i++) {
            double expected = plain.applyAsDouble(arguments[i]);
            Offset<Double> offset = Offset.offset(absolute + relative * Math.abs(expected));
            assertThat(values[i]).as("of %s", arguments[i]).isCloseTo(expected, offset);
            assertThat(values[i]).as("of %s", arguments[i]).isCloseTo(torch[i], offset);
        }
    }

    @Test
    void theZeroOfDigammaAndTheZerosOfLnGamma() {
        try (PointerScope scope = new PointerScope()) {
            Tensor x = Tensors.leaf(Tensors.floats(new double[] {1, 2})).detach();
            assertThat(Tensors.doubles(GammaFunctions.lnGamma(x))).containsExactly(0, 0);
            // 2 + 2^-22 is a float: lnGamma is psi(2) 2^-22 there.
            Tensor near = Tensors.floats(new double[] {2 + 0x1p-22});
            assertThat(Tensors.doubles(GammaFunctions.lnGamma(near))[0]).isCloseTo(1.00799657e-7, Offset.offset(1e-14));
        }
    }

    @Test
    void refuseWhatIsNotPositiveAndWhatIsNoFloat() {
        try (PointerScope scope = new PointerScope()) {
            Tensor bad = Tensors.floats(new double[] {1, 0});
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> GammaFunctions.lnGamma(bad))
                    .withMessageContaining("lngamma_f32: element 1 is 0, expected above 0");
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> GammaFunctions.trigamma(Tensors.leaf(bad).detach()))
                    .withMessageContaining("trigamma_f64: element 1 is 0");
            assertRefused(() -> GammaFunctions.digamma(Tensors.longs(1)), "x: expected dtype Float, got Long");
            assertRefused(() -> GammaFunctions.digamma(null), "x: expected a tensor, got null");
        }
    }
}
