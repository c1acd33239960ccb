package dev.chorus.torch;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

class ScopeTest {
    @Test
    void closeFreesWhatWasMadeInside() {
        warmUp();
        long before = Pointer.totalCount();
        Tensor tensor;
        try (Scope scope = new Scope()) {
            tensor = Tensors.zeros(3);
            tensor.add(tensor);
            assertThat(Pointer.totalCount()).isGreaterThan(before);
            assertThat(tensor.isNull()).isFalse();
        }
        assertThat(tensor.isNull()).isTrue();
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }

    @Test
    void releasedTensorOutlivesItsScopeUntilItIsClosed() {
        warmUp();
        long before = Pointer.totalCount();
        Tensor kept;
        try (Scope scope = new Scope()) {
            Tensor dropped = Tensors.floats(new float[] {1, 2}, 2);
            kept = scope.release(dropped.add(dropped));
        }
        assertThat(kept.isNull()).isFalse();
        try (Scope scope = new Scope()) {
            assertThat(Tensors.toFloats(kept)).containsExactly(2, 4);
        }
        kept.close();
        assertThat(kept.isNull()).isTrue();
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }

    @Test
    void innerScopeLeavesTheOuterOnesAlone() {
        try (Scope outer = new Scope()) {
            Tensor mine = Tensors.floats(new float[] {7}, 1);
            Tensor inside;
            try (Scope inner = new Scope()) {
                inside = mine.add(mine);
            }
            assertThat(inside.isNull()).isTrue();
            assertThat(Tensors.toFloats(mine)).containsExactly(7);
        }
    }

    @Test
    void scopeClosesOnAnExceptionToo() {
        Tensor[] made = new Tensor[1];
        try (Scope scope = new Scope()) {
            made[0] = Tensors.zeros(1);
            throw new IllegalStateException("stop");
        } catch (IllegalStateException e) {
            assertThat(made[0].isNull()).isTrue();
        }
    }

    /** Classes that load for the first time keep a few pointers for good. */
    private static void warmUp() {
        try (Scope scope = new Scope()) {
            Tensor tensor = Tensors.floats(new float[] {1}, 1);
            Tensors.toFloats(tensor.add(Tensors.zeros(1)));
        }
    }
}
