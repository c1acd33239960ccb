package dev.chorus.model.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.model.family.Positions.Rotary;
import dev.chorus.model.family.RotaryScaling;
import dev.chorus.torch.CounterRandom;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.Arrays;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Turned heads against plain double arithmetic. */
class RotationTest {
    /** Values of a few units times a sine and a cosine in f32. */
    private static final double SINGLE = 1e-6;

    /** Half a step of bf16's eight bits below 4, where the values lie, and one step more for what was rounded before. */
    private static final double BF16 = 4 / 256.0;

    private static final int HEADS = 3;
    private static final long[] POSITIONS = {0, 1, 2, 900, 8000, 131_071, 0, 5};
    private static final int[] LENGTHS = {4, 4, 4, 901, 8001, 131_072, 60, 60};

    @BeforeAll
    static void oneThread() {
        LibTorch.threads(1);
    }

    static Stream<Rotary> rotaries() {
        return Stream.of(
                new Rotary(8, 10_000, new RotaryScaling.None()),
                new Rotary(4, 500_000, new RotaryScaling.None()),
                new Rotary(3, 10_000, new RotaryScaling.None()),
                new Rotary(5, 100, new RotaryScaling.Linear(3)),
                new Rotary(1, 10_000, new RotaryScaling.None()),
                new Rotary(8, 10_000, new RotaryScaling.Llama3(8, 1, 4, 32)),
                new Rotary(6, 10_000, new RotaryScaling.Dynamic(2.5, 50)));
    }

    @ParameterizedTest
    @MethodSource("rotaries")
    void equalsPlainDouble(Rotary rotary) {
        int d = 8;
        float[] x = values(POSITIONS.length * HEADS * d);
        try (Scope scope = new Scope()) {
            Rotation rotation = Rotation.of(rotary, POSITIONS, LENGTHS);
            assertThat(rotation.pairs()).isEqualTo(rotary.pairs());
            float[] found = Tensors.toFloats(rotation.of(Tensors.floats(x, POSITIONS.length, HEADS, d)));
            assertThat(doubles(found)).containsExactly(turned(rotary, x, d), within(SINGLE));
        }
    }

    @Test
    void halfPrecisionIsRoundedOnce() {
        Rotary rotary = new Rotary(6, 10_000, new RotaryScaling.None());
        float[] x = values(POSITIONS.length * HEADS * 8);
        try (Scope scope = new Scope()) {
            Tensor low = Tensors.floats(x, POSITIONS.length, HEADS, 8).to(ScalarType.BFloat16);
            float[] rounded = Tensors.toFloats(low.to(ScalarType.Float));
            Tensor turned = Rotation.of(rotary, POSITIONS, LENGTHS).of(low);
            assertThat(turned.scalar_type().intern()).isEqualTo(ScalarType.BFloat16);
            float[] found = Tensors.toFloats(turned.to(ScalarType.Float));
            assertThat(doubles(found)).containsExactly(turned(rotary, rounded, 8), within(BF16));
            // Channels that do not turn are not touched.
            for (int i = 0; i < found.length; i++) {
                if (i % 8 >= 6) {
                    assertThat(found[i]).isEqualTo(rounded[i]);
                }
            }
        }
    }

    /** The point of it: a product of two turned heads depends on their distance alone. */
    @Test
    void productsDependOnTheDistance() {
        Rotary rotary = new Rotary(8, 10_000, new RotaryScaling.None());
        float[] pair = values(16);
        double[] products = new double[3];
        for (int i = 0; i < 3; i++) {
            long shift = 37L * i;
            try (Scope scope = new Scope()) {
                float[] turned =
                        Tensors.toFloats(Rotation.of(rotary, new long[] {4 + shift, 9 + shift}, new int[] {200, 200})
                                .of(Tensors.floats(pair, 2, 1, 8)));
                for (int c = 0; c < 8; c++) {
                    products[i] += (double) turned[c] * turned[8 + c];
                }
            }
        }
        assertThat(products[1]).isCloseTo(products[0], within(1e-5));
        assertThat(products[2]).isCloseTo(products[0], within(1e-5));
    }

    /** [N, heads, d], channel i with channel i + pairs; frequencies by their definition. */
    private static double[] turned(Rotary rotary, float[] x, int d) {
        double[] out = doubles(x);
        int pairs = (rotary.channels() + 1) / 2;
        for (int n = 0; n < POSITIONS.length; n++) {
            for (int i = 0; i < pairs; i++) {
                double angle = POSITIONS[n] * frequency(rotary, i, LENGTHS[n]);
                for (int h = 0; h < HEADS; h++) {
                    int first = (n * HEADS + h) * d + i;
                    double a = x[first];
                    double b = x[first + pairs];
                    out[first] = a * Math.cos(angle) - b * Math.sin(angle);
                    out[first + pairs] = b * Math.cos(angle) + a * Math.sin(angle);
                }
            }
        }
        return out;
    }

    private static double frequency(Rotary rotary, int pair, int length) {
        double share = 2.0 * pair / rotary.channels();
        if (rotary.scaling() instanceof RotaryScaling.Dynamic dynamic) {
            double over = Math.max(1, (double) length / dynamic.trained());
            double growth = dynamic.factor() * over - dynamic.factor() + 1;
            return Math.pow(rotary.theta() * Math.pow(growth, rotary.channels() / (rotary.channels() - 2.0)), -share);
        }
        double plain = Math.pow(rotary.theta(), -share);
        if (rotary.scaling() instanceof RotaryScaling.Linear linear) {
            return plain / linear.factor();
        }
        if (rotary.scaling() instanceof RotaryScaling.Llama3 llama) {
            double wavelength = 2 * Math.PI / plain;
            double mix = (llama.trained() / wavelength - llama.lowFactor()) / (llama.highFactor() - llama.lowFactor());
            double kept = Math.min(1, Math.max(0, mix));
            return kept * plain + (1 - kept) * plain / llama.factor();
        }
        return plain;
    }

    private static float[] values(int count) {
        CounterRandom random = CounterRandom.of(3, "heads");
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) Math.max(-2.5, Math.min(2.5, random.normal(i)));
        }
        return values;
    }

    private static double[] doubles(float[] values) {
        double[] out = new double[values.length];
        Arrays.setAll(out, i -> values[i]);
        return out;
    }
}
