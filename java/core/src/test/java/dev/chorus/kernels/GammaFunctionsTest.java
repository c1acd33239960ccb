package dev.chorus.kernels;

import static dev.chorus.kernels.TokenLogProbTest.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chorus.math.SpecialFunctions;
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
    /** LibTorch's trigamma cuts its series at x + 6: what is left out begins with 1 / (30 (x + 6)^9), at most 3.4e-9. */
    private static final double LIBTORCH_TRIGAMMA = 3.4e-9;

    @Test
    void agreeWithThePlainFunctionsAndLibTorch() {
        try (PointerScope scope = new PointerScope()) {
            Tensor narrow = Tensors.floats(Tensors.random(new Random(71), 7, 143, 0.001, 30));
            Tensor wide = narrow.toType(ScalarType.Double);
            for (Tensor x : new Tensor[] {narrow, wide}) {
                double absolute = isNarrow(x) ? 1e-12 : PLAIN;
                double relative = isNarrow(x) ? Tensors.F32_ROUNDING : PLAIN;
                check(GammaFunctions.lnGamma(x), x, SpecialFunctions::lnGamma, Tensor::lgamma, 0, absolute, relative);
                check(GammaFunctions.digamma(x), x, SpecialFunctions::digamma, Tensor::digamma, 0, absolute, relative);
                check(
                        GammaFunctions.trigamma(x),
                        x,
                        SpecialFunctions::trigamma,
                        y -> y.polygamma(1),
                        LIBTORCH_TRIGAMMA,
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
            double stockError,
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
            assertThat(values[i])
                    .as("of %s", arguments[i])
                    .isCloseTo(torch[i], Offset.offset(offset.value + stockError));
        }
    }

    @Test
    void theZerosOfLnGammaAndWhatIsNextToThem() {
        try (PointerScope scope = new PointerScope()) {
            Tensor x = Tensors.leaf(Tensors.floats(new double[] {1, 2})).detach();
            // Either zero: -0 compares equal.
            Tensors.assertClose(GammaFunctions.lnGamma(x), new double[2], 0);
            // 2 + 2^-22 is a float.
            Tensor near = Tensors.floats(new double[] {2 + 0x1p-22});
            assertThat(Tensors.doubles(GammaFunctions.lnGamma(near))[0])
                    .isCloseTo(1.00799658770703e-7, Offset.offset(1e-14));
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
