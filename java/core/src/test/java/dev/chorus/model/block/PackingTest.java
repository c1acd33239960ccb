package dev.chorus.model.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.model.TinyConfigs;
import dev.chorus.model.family.Architecture;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PackingTest {
    /** Slopes and distances in f32. */
    private static final float ROUNDING = 1e-6f;

    private static final float HIDDEN = Float.NEGATIVE_INFINITY;

    @BeforeAll
    static void oneThread() {
        LibTorch.threads(1);
    }

    @Test
    void padsBehindTheTokensAndBack() {
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            Packing packing = packing(TinyConfigs.LLAMA, 0, 2, 3, 6);
            assertThat(packing.sequences()).isEqualTo(3);
            assertThat(packing.longest()).isEqualTo(3);
            Tensor flat = Tensors.floats(new float[] {1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6}, 6, 2);
            Tensor padded = packing.pad(flat);
            assertThat(Tensors.toFloats(padded))
                    .containsExactly(1, -1, 2, -2, 0, 0, 3, -3, 0, 0, 0, 0, 4, -4, 5, -5, 6, -6);
            assertThat(Tensors.toFloats(packing.unpad(padded))).containsExactly(Tensors.toFloats(flat));
            // Equal lengths are a rectangle already.
            Packing rectangle = packing(TinyConfigs.LLAMA, 0, 3, 6);
            assertThat(Tensors.toFloats(rectangle.pad(flat))).containsExactly(Tensors.toFloats(flat));
            assertThat(Tensors.toFloats(rectangle.unpad(flat))).containsExactly(Tensors.toFloats(flat));
        }
    }

    /** Padding and back is a permutation to the gradient: what is padded has none. */
    @Test
    void gradientFindsTheWayBack() {
        try (Scope scope = new Scope()) {
            Packing packing = packing(TinyConfigs.LLAMA, 0, 1, 3);
            Tensor flat = Tensors.floats(new float[] {1, 2, 3}, 3, 1).set_requires_grad(true);
            Tensor padded = packing.pad(flat);
            padded.mul(Tensors.floats(new float[] {10, 20, 30, 40}, 4, 1)).sum().backward();
            assertThat(Tensors.toFloats(flat.grad())).containsExactly(10, 30, 40);
        }
    }

    @Test
    void plainCausalAttentionNeedsNoMask() {
        try (Scope scope = new Scope()) {
            assertThat(packing(TinyConfigs.LLAMA, 0, 40, 80).mask(0)).isNull();
            // A window of five hides nothing of five tokens.
            assertThat(packing(TinyConfigs.MISTRAL, 0, 5, 8).mask(5)).isNull();
        }
    }

    @Test
    void windowsShowTheLastTokens() {
        try (Scope scope = new Scope()) {
            Tensor mask = packing(TinyConfigs.MISTRAL, 0, 7, 9).mask(5);
            assertThat(Tensors.shape(mask)).containsExactly(1, 7, 7);
            float[] values = Tensors.toFloats(mask);
            for (int query = 0; query < 7; query++) {
                for (int key = 0; key < 7; key++) {
                    boolean seen = key <= query && query - key < 5;
                    assertThat(values[7 * query + key]).isEqualTo(seen ? 0 : HIDDEN);
                }
            }
        }
    }

    /** Layers with a window and layers without have a mask each, if they need one. */
    @Test
    void everyLayerItsOwn() {
        try (Scope scope = new Scope()) {
            Packing qwen = packing(TinyConfigs.QWEN2, 0, 8);
            assertThat(qwen.mask(0)).isNull();
            assertThat(visible(qwen.mask(7))).isEqualTo(8 * 9 / 2 - 1);
            // Capped scores are masked by hand in every layer.
            Packing gemma = packing(TinyConfigs.GEMMA2, 0, 8);
            assertThat(visible(gemma.mask(0))).isEqualTo(8 * 9 / 2);
            assertThat(visible(gemma.mask(6))).isEqualTo(8 * 9 / 2 - 3);
            assertThat(visible(packing(TinyConfigs.GEMMA2, 0, 4).mask(6))).isEqualTo(4 * 5 / 2);
        }
    }

    @Test
    void alibiFallsWithTheDistance() {
        // Three heads: two of the series of two, the third of that of four.
        double[] slopes = {1 / 16.0, 1 / 256.0, 1 / 4.0};
        try (Scope scope = new Scope()) {
            Tensor mask = packing(TinyConfigs.BLOOM, 0, 6, 7).mask(0);
            assertThat(Tensors.shape(mask)).containsExactly(3, 6, 6);
            float[] values = Tensors.toFloats(mask);
            for (int head = 0; head < 3; head++) {
                for (int query = 0; query < 6; query++) {
                    for (int key = 0; key < 6; key++) {
                        float found = values[(6 * head + query) * 6 + key];
                        if (key > query) {
                            assertThat(found).isEqualTo(HIDDEN);
                        } else {
                            assertThat(found).isCloseTo((float) (-slopes[head] * (query - key)), within(ROUNDING));
                        }
                    }
                }
            }
        }
    }

    private static int visible(Tensor mask) {
        int count = 0;
        for (float value : Tensors.toFloats(mask)) {
            count += value == HIDDEN ? 0 : 1;
        }
        return count;
    }

    private static Packing packing(TinyConfigs tiny, int... offsets) {
        Architecture architecture = tiny.config().architecture();
        return Packing.of(offsets, architecture);
    }
}
