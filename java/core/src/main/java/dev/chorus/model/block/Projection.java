package dev.chorus.model.block;

import dev.chorus.kernels.ThinLinear;
import dev.chorus.model.weights.Adapter.LowRank;
import dev.chorus.model.weights.Weights;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** A dense layer: W x + b, and what an adapter adds to it. */
public final class Projection {
    /** Up to here a general product, which packs the weight first, is slower (docs/kernels.md). */
    private static final int FEW_ROWS = 64;

    private final String module;
    private final Tensor weight;
    private final Tensor bias;
    private final boolean transposed;

    /**
     * The layer of this module; it has a bias if there is one among the weights.
     *
     * @param transposed whether the weight is [in, out]
     */
    public Projection(Weights weights, String module, boolean transposed) {
        this.module = module;
        this.transposed = transposed;
        weight = weights.get(module + ".weight");
        bias = weights.has(module + ".bias") ? weights.get(module + ".bias") : null;
    }

    /** x [N, in] in the pass's precision to [N, out] in the same. */
    public Tensor of(Tensor x, PassContext pass) {
        Tensor y = dense(x, pass);
        if (pass.adapter() == null) {
            return y;
        }
        return pass.adapter().of(module).map(lora -> y.add(added(lora, x, pass))).orElse(y);
    }

    private Tensor dense(Tensor x, PassContext pass) {
        Tensor w = pass.compute(weight);
        if (pass.inference() && !transposed) {
            return inference(x, w, bias == null ? null : pass.compute(bias));
        }
        if (transposed) {
            return bias == null ? x.mm(w) : torch.addmm(pass.compute(bias), x, w, new Scalar(1), new Scalar(1));
        }
        return bias == null
                ? torch.linear(x, w)
                : torch.linear(x, w, new TensorOptional(pass.compute(bias)));
    }

    /**
     * x W^T + b without gradients, by the kernel for few rows where that is faster.
     *
     * @param x    [N, in]
     * @param w    [out, in] of the same dtype
     * @param bias [out] of the same dtype, or null
     */
    public static Tensor inference(Tensor x, Tensor w, Tensor bias) {
        if (x.size(0) <= FEW_ROWS && w.is_contiguous()) {
            return ThinLinear.of(x, w, bias);
        }
        return bias == null ? torch.linear(x, w) : torch.linear(x, w, new TensorOptional(bias));
    }

    private static Tensor added(LowRank lora, Tensor x, PassContext pass) {
        Tensor in = x;
        if (lora.dropout() > 0 && pass.dropout() != null) {
            in = x.mul(pass.dropoutMask(x, lora.module(), lora.dropout()));
        }
        Tensor low = torch.linear(in, pass.compute(lora.down()));
        return torch.linear(low, pass.compute(lora.up())).mul(new Scalar(lora.scale()));
    }
}
