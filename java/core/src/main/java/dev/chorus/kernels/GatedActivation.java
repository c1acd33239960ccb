package dev.chorus.kernels;

import dev.chorus.bindings.ChorusNative;
import dev.chorus.kernels.KernelArguments.LogitType;
import org.bytedeco.pytorch.Tensor;

/**
 * {@code act(gate) up}, between the products of a gated feed-forward layer (Shazeer, arXiv:2002.05202). f32 or bf16, computed in
 * f32 and rounded once. Forward only.
 */
public final class GatedActivation {
    private GatedActivation() {}

    /** What becomes of the gate. */
    public enum Activation {
        /** {@code x / (1 + e^-x)}. */
        SILU(ChorusNative.CHORUS_ACTIVATION_SILU),
        /** {@code x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2} (Hendrycks and Gimpel, arXiv:1606.08415). */
        GELU_TANH(ChorusNative.CHORUS_ACTIVATION_GELU_TANH),
        /** {@code x (1 + erf(x / sqrt(2))) / 2} (as above). */
        GELU_ERF(ChorusNative.CHORUS_ACTIVATION_GELU_ERF);

        private final int code;

        Activation(int code) {
            this.code = code;
        }
    }

    /**
     * The product in a new tensor; no argument is modified.
     *
     * @param gate [N, F] f32 or bf16; rows are dense but may lie apart, as slices of one product do
     * @param up   [N, F] of the same dtype, likewise
     * @return [N, F] of the same dtype, attached to the caller's scope
     * @throws IllegalArgumentException if a shape, dtype, device or stride is not as above
     */
    public static Tensor forward(Tensor gate, Tensor up, Activation activation) {
        long rows = KernelArguments.size("gate", gate, 0, "N", "F");
        long width = gate.size(1);
        Tensor out = KernelArguments.empty(KernelArguments.checkLogits("gate", gate, rows, width), rows, width);
        forwardInto(out, gate, up, activation);
        return out;
    }

    /**
     * As {@link #forward}, into a tensor of the caller's, which may be {@code gate}.
     *
     * @param out [N, F] of gate's dtype, overwritten; rows are dense but may lie apart
     */
    public static void forwardInto(Tensor out, Tensor gate, Tensor up, Activation activation) {
        long rows = KernelArguments.size("gate", gate, 0, "N", "F");
        long width = gate.size(1);
        LogitType type = KernelArguments.checkLogits("gate", gate, rows, width);
        long gateStride = KernelArguments.rowStride("gate", gate);
        long upStride = rows("up", up, type, rows, width);
        long outStride = rows("out", out, type, rows, width);
        int status = ChorusNative.chorus_gated_activation(
                out.data_ptr(),
                gate.data_ptr(),
                up.data_ptr(),
                rows,
                width,
                outStride,
                gateStride,
                upStride,
                activation.code,
                type.code);
        KernelArguments.keepAlive(out, gate, up);
        KernelArguments.raise(status, "gated_activation", "[N=" + rows + ", F=" + width + "]", type);
    }

    private static long rows(String name, Tensor tensor, LogitType type, long rows, long width) {
        KernelArguments.requireSameType(name, KernelArguments.checkLogits(name, tensor, rows, width), "gate", type);
        return KernelArguments.rowStride(name, tensor);
    }
}
