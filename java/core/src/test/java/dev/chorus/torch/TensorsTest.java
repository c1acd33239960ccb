package dev.chorus.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

class TensorsTest {
    @Test
    void arraysComeBackAsTheyWent() {
        try (Scope scope = new Scope()) {
            float[] floats = {1, -0f, Float.MIN_VALUE, Float.MAX_VALUE, Float.NaN, Float.NEGATIVE_INFINITY};
            Tensor tensor = Tensors.floats(floats, 2, 3);
            assertThat(Tensors.toFloats(tensor)).containsExactly(floats);
            assertThat(Tensors.shape(tensor)).containsExactly(2, 3);
            assertThat(tensor.scalar_type().value).isEqualTo(ScalarType.Float.value);

            long[] longs = {0, -1, Long.MAX_VALUE, Long.MIN_VALUE};
            assertThat(Tensors.toLongs(Tensors.longs(longs, 4))).containsExactly(longs);

            Tensor flags = Tensors.booleans(new byte[] {1, 0, 1}, 3);
            assertThat(flags.scalar_type().value).isEqualTo(ScalarType.Bool.value);
            assertThat(Tensors.toLongs(flags.to(ScalarType.Long))).containsExactly(1, 0, 1);
        }
    }

    @Test
    void emptyArraysKeepTheirShape() {
        try (Scope scope = new Scope()) {
            Tensor floats = Tensors.floats(new float[0], 0, 5);
            assertThat(Tensors.shape(floats)).containsExactly(0, 5);
            assertThat(Tensors.toFloats(floats)).isEmpty();
            assertThat(Tensors.toLongs(Tensors.longs(new long[0], 0))).isEmpty();
            assertThat(Tensors.shape(Tensors.booleans(new byte[0], 0))).containsExactly(0);
        }
    }

    @Test
    void rowsKeepTheirOrderWhateverTheStrides() {
        try (Scope scope = new Scope()) {
            double[][] rows = {{1, 2, 3}, {4, 5, 6}};
            Tensor tensor = Tensors.floats(rows, 3);
            assertThat(Tensors.toRows(tensor)).isDeepEqualTo(rows);
            assertThat(Tensors.toRows(tensor.t())).isDeepEqualTo(new double[][] {{1, 4}, {2, 5}, {3, 6}});
            assertThat(Tensors.toFloats(tensor.select(1, 1))).containsExactly(2, 5);
        }
    }

    @Test
    void zerosAreZeros() {
        try (Scope scope = new Scope()) {
            assertThat(Tensors.toFloats(Tensors.zeros(2, 2))).containsExactly(0, 0, 0, 0);
        }
    }

    @Test
    void wrongCountIsRefusedWithBothNumbers() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tensors.floats(new float[5], 2, 3))
                .withMessage("shape [2, 3] holds 6 values, got 5");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tensors.longs(new long[1], 0))
                .withMessage("shape [0] holds 0 values, got 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tensors.booleans(new byte[2], 3))
                .withMessage("shape [3] holds 3 values, got 2");
    }

    @Test
    void gradientModeComesBack() {
        try (Scope scope = new Scope()) {
            Tensor leaf = Tensors.zeros(1).set_requires_grad(true);
            assertThat(leaf.add(leaf).requires_grad()).isTrue();
            try (Tensors.GradientMode off = Tensors.withoutGradients()) {
                assertThat(leaf.add(leaf).requires_grad()).isFalse();
            }
            assertThat(leaf.add(leaf).requires_grad()).isTrue();
        }
    }
}
