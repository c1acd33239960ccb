package dev.chorus.kernels;

import dev.chorus.bindings.ChorusNative;
import dev.chorus.kernels.KernelArguments.LogitType;
import org.bytedeco.pytorch.Tensor;

/**
 * A dense layer over few rows, {@code y = x W^T + bias}, as a step of generation needs it: every weight is read once and never
 * packed, as a general product would. Forward only. Sums are f32, whatever the type.
 *
 * <p>A row's result does not depend, to the bit, on which rows are in the call or how many threads there are.
 */
public final class ThinLinear {
    private ThinLinear() {}

    /**
     * The layer's output; no argument is modified.
     *
     * @param x      [N, I] f32 or bf16; rows are dense but may lie apart
     * @param weight [O, I] of the same dtype, contiguous
     * @param bias   [O] of the same dtype, or null
     * @return [N, O] of the same dtype, new, attached to the caller's scope
     * @throws IllegalArgumentException if a shape, dtype, device or stride is not as above
     */
    public static Tensor of(Tensor x, Tensor weight, Tensor bias) {
        long rows = KernelArguments.size("x", x, 0, "N", "I");
        long inputs = x.size(1);
        long outputs = KernelArguments.size("weight", weight, 0, "O", "I");
        LogitType type = KernelArguments.checkLogits("x", x, rows, inputs);
        KernelArguments.check("weight", weight, type.dtype, outputs, inputs);
        KernelArguments.requireContiguous("weight", weight);
        if (bias != null) {
            KernelArguments.check("bias", bias, type.dtype, outputs);
            KernelArguments.requireContiguous("bias", bias);
        }
        long stride = KernelArguments.rowStride("x", x);
        Tensor y = KernelArguments.empty(type, rows, outputs);
        int status = ChorusNative.chorus_thin_linear(
                y.data_ptr(),
                x.data_ptr(),
                weight.data_ptr(),
                bias == null ? null : bias.data_ptr(),
                rows,
                inputs,
                outputs,
                outputs,
                stride,
                type.code);
        KernelArguments.keepAlive(y, x, weight, bias);
        KernelArguments.raise(status, "thin_linear", "[N=" + rows + ", I=" + inputs + ", O=" + outputs + "]", type);
        return y;
    }
}
