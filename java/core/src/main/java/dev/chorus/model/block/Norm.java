package dev.chorus.model.block;

import dev.chorus.kernels.ResidualRmsNorm;
import dev.chorus.model.family.Architecture;
import dev.chorus.model.weights.Weights;
import dev.chorus.torch.Tensors;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** A norm over the last dimension, layer norm or RMS norm, computed in f32. */
public final class Norm {
    private final Architecture.Norm kind;
    private final long[] width;
    private final Tensor weight;
    private final Tensor bias;

    /**
     * The norm of this module.
     *
     * @param width channels
     */
    public Norm(Architecture.Norm kind, Weights weights, String module, int width) {
        this.kind = kind;
        this.width = new long[] {width};
        weight = kind.affine() ? weights.get(module + ".weight") : null;
        bias = kind.bias() ? weights.get(module + ".bias") : null;
    }

    /** x [..., width] of any dtype to f32 of the same shape. */
    public Tensor of(Tensor x) {
        Tensor wide = x.to(ScalarType.Float);
        if (kind.rms()) {
            Tensor factor = weight.to(ScalarType.Float);
            if (kind.offset() != 0) {
                factor = factor.add(new Scalar(kind.offset()));
            }
            return torch.rms_norm(wide, width, new TensorOptional(factor), new DoubleOptional(kind.epsilon()));
        }
        return torch.layer_norm(wide, width, optional(weight), optional(bias), kind.epsilon(), false);
    }

    /**
     * The normed stream in the pass's precision, without gradients; what is pending has been added to the stream then.
     *
     * @return [N, C], new
     */
    public Tensor of(ResidualStream stream, PassContext pass) {
        if (!kind.rms()) {
            return pass.compute(of(stream.settle()));
        }
        Tensor x = stream.x();
        Tensor y = Tensors.empty(pass.precision().type(), x.size(0), x.size(1));
        ResidualRmsNorm.forwardInto(y, x, stream.takePending(), weight, kind.epsilon(), kind.offset());
        return y;
    }

    private static TensorOptional optional(Tensor tensor) {
        return tensor == null ? new TensorOptional() : new TensorOptional(tensor.to(ScalarType.Float));
    }
}
