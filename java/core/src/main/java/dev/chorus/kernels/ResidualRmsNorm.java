package dev.chorus.kernels;

import dev.chorus.bindings.ChorusNative;
import dev.chorus.kernels.KernelArguments.LogitType;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;

/**
 * A residual stream takes in what a layer gave and is normalised for the next layer (Zhang and Sennrich, arXiv:1910.07467), in
 * one call. Forward only.
 *
 * <pre>{@code
 * x   += delta                                                   in place, if there is a delta
 * y_nc = x_nc / sqrt(mean_c x_nc^2 + eps) (weight_c + offset)
 * }</pre>
 *
 * <p>The stream is f32; delta, weight and y are f32 or bf16, each by itself. Everything is computed in f32, squares are summed in
 * double every 256 vectors, and y is rounded once.
 */
public final class ResidualRmsNorm {
    private ResidualRmsNorm() {}

    /**
     * Adds and normalises; y is new and of the weight's dtype.
     *
     * @param x      [N, C] f32, delta is added in place; rows are dense but may lie apart
     * @param delta  [N, C] f32 or bf16, likewise, or null
     * @param weight [C] f32 or bf16, contiguous
     * @param eps    above 0
     * @param offset added to the weight: 0, or 1 for checkpoints that store weight - 1 (Gemma)
     * @return y [N, C], attached to the caller's scope
     * @throws IllegalArgumentException if a shape, dtype, device or stride is not as above
     * @throws KernelException          if eps or offset is not as above
     */
    public static Tensor forward(Tensor x, Tensor delta, Tensor weight, double eps, double offset) {
        long rows = KernelArguments.size("x", x, 0, "N", "C");
        long width = x.size(1);
        Tensor y = KernelArguments.empty(KernelArguments.checkLogits("weight", weight, width), rows, width);
        forwardInto(y, x, delta, weight, eps, offset);
        return y;
    }

    /**
     * As {@link #forward}, into a tensor of the caller's.
     *
     * @param y [N, C] f32 or bf16, overwritten; rows are dense but may lie apart; shares no memory with another argument
     */
    public static void forwardInto(Tensor y, Tensor x, Tensor delta, Tensor weight, double eps, double offset) {
        long rows = KernelArguments.size("x", x, 0, "N", "C");
        long width = x.size(1);
        KernelArguments.check("x", x, LogitType.F32.dtype, rows, width);
        long xStride = KernelArguments.rowStride("x", x);
        LogitType yType = KernelArguments.checkLogits("y", y, rows, width);
        long yStride = KernelArguments.rowStride("y", y);
        LogitType weightType = KernelArguments.checkLogits("weight", weight, width);
        KernelArguments.requireContiguous("weight", weight);
        LogitType deltaType = LogitType.F32;
        long deltaStride = 0;
        Pointer d = null;
        if (delta != null) {
            deltaType = KernelArguments.checkLogits("delta", delta, rows, width);
            deltaStride = KernelArguments.rowStride("delta", delta);
            d = delta.data_ptr();
        }
        FloatPointer stream = x.data_ptr_float();
        int status = ChorusNative.chorus_residual_rms_norm(
                y.data_ptr(),
                stream,
                d,
                weight.data_ptr(),
                rows,
                width,
                yStride,
                xStride,
                deltaStride,
                yType.code,
                deltaType.code,
                weightType.code,
                eps,
                offset);
        KernelArguments.keepAlive(y, x, delta, weight);
        KernelArguments.raise(status, "residual_rms_norm", "[N=" + rows + ", C=" + width + "]", yType);
    }
}
