package dev.chorus.model.block;

import org.bytedeco.pytorch.Tensor;

/**
 * The residual stream of an inference pass: what a block adds is held back until the next norm reads the stream, which then adds
 * and normalises in one pass over memory.
 */
public final class ResidualStream {
    private Tensor x;
    private Tensor pending;

    /**
     * Starts it.
     *
     * @param x [N, C] f32, overwritten from now on
     */
    public ResidualStream(Tensor x) {
        this.x = x;
    }

    /** [N, C] f32, without what is pending. */
    Tensor x() {
        return x;
    }

    /** What is still to be added, [N, C] f32 or bf16, or null; it counts as added after this call. */
    Tensor takePending() {
        Tensor taken = pending;
        pending = null;
        return taken;
    }

    /** Adds [N, C] of f32 or bf16, some time. */
    void add(Tensor delta) {
        settle();
        pending = delta;
    }

    /** Everything added, [N, C] f32. */
    public Tensor settle() {
        if (pending != null) {
            x.add_(pending);
            pending = null;
        }
        return x;
    }

    /** Another stream takes its place. */
    void replace(Tensor other) {
        x = other;
        pending = null;
    }
}
