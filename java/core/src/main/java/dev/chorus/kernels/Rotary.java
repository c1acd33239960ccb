package dev.chorus.kernels;

import dev.chorus.bindings.ChorusNative;
import dev.chorus.kernels.KernelArguments.LogitType;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.Tensor;

/**
 * Rotary positions (Su et al., arXiv:2104.09864) on queries or keys, in place. Channel i is paired with i + r / 2, as in the
 * checkpoints of Llama and GPT-NeoX; channels from r on stay. Forward only.
 *
 * <pre>{@code
 * x_i           <- x_i cos_pi           - x_(i + r/2) sin_pi          i < r / 2, p = positions_n
 * x_(i + r/2)   <- x_(i + r/2) cos_pi   + x_i sin_pi
 * }</pre>
 */
public final class Rotary {
    private Rotary() {}

    /**
     * Turns every head of N tokens.
     *
     * @param x         [N, heads, d] f32 or bf16; rows are dense but may lie apart; computed in f32 and rounded once
     * @param cos       [rows, r / 2] f32, contiguous, r at most d
     * @param sin       [rows, r / 2] f32, contiguous
     * @param positions [N] int64 in [0, rows)
     * @throws IllegalArgumentException if a shape, dtype, device or stride is not as above
     * @throws KernelException          if a position is outside the tables, or r above d; x is then as it was
     */
    public static void rotateInPlace(Tensor x, Tensor cos, Tensor sin, Tensor positions) {
        long tokens = KernelArguments.size("x", x, 0, "N", "heads", "d");
        long heads = x.size(1);
        long width = x.size(2);
        LogitType type = KernelArguments.checkLogits("x", x, tokens, heads, width);
        long stride = KernelArguments.blockStride("x", x);
        long rows = KernelArguments.size("cos", cos, 0, "rows", "r / 2");
        long half = cos.size(1);
        FloatPointer c = KernelArguments.floats("cos", cos, rows, half);
        FloatPointer s = KernelArguments.floats("sin", sin, rows, half);
        LongPointer p = KernelArguments.longs("positions", positions, tokens);
        int status = ChorusNative.chorus_rotary(
                x.data_ptr(), c, s, p, tokens, heads, width, 2 * half, rows, stride, type.code);
        KernelArguments.keepAlive(x, cos, sin, positions);
        String shape = "[N=" + tokens + ", heads=" + heads + ", d=" + width + ", r=" + 2 * half + "]";
        KernelArguments.raise(status, "rotary", shape, type);
    }
}
