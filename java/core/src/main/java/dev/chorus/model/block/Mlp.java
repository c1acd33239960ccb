package dev.chorus.model.block;

import dev.chorus.kernels.GatedActivation;
import dev.chorus.model.family.Architecture;
import dev.chorus.model.family.Part;
import dev.chorus.model.family.TensorNames;
import dev.chorus.model.weights.Weights;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** The feed-forward part of a block. */
final class Mlp {
    private static final double QUICK = 1.702;

    private final Architecture.Mlp shape;
    private final Projection gateUp;
    private final Projection gate;
    private final Projection up;
    private final Projection down;

    Mlp(Architecture architecture, TensorNames names, Weights weights, int layer) {
        shape = architecture.mlp();
        boolean transposed = architecture.transposed();
        gateUp = shape.joined() ? new Projection(weights, names.module(layer, Part.GATE_UP), transposed) : null;
        gate = shape.gated() && !shape.joined()
                ? new Projection(weights, names.module(layer, Part.GATE), transposed)
                : null;
        up = shape.joined() ? null : new Projection(weights, names.module(layer, Part.UP), transposed);
        down = new Projection(weights, names.module(layer, Part.DOWN), transposed);
    }

    /** x [N, C] to [N, C], both in the pass's precision. */
    Tensor of(Tensor x, PassContext pass) {
        if (shape.joined()) {
            TensorVector both = gateUp.of(x, pass).chunk(2, 1);
            return down.of(gated(both.get(0), both.get(1), pass), pass);
        }
        if (shape.gated()) {
            return down.of(gated(gate.of(x, pass), up.of(x, pass), pass), pass);
        }
        return down.of(activate(up.of(x, pass)), pass);
    }

    private Tensor gated(Tensor gate, Tensor up, PassContext pass) {
        GatedActivation.Activation fused = pass.inference() ? fused() : null;
        if (fused == null) {
            return activate(gate).mul(up);
        }
        GatedActivation.forwardInto(gate, gate, up, fused);
        // The halves of one product lie apart; a matrix product takes them as they are.
        return gate;
    }

    /** The activation of the fused kernel, or null where it has none. */
    private GatedActivation.Activation fused() {
        return switch (shape.activation()) {
            case SILU -> GatedActivation.Activation.SILU;
            case GELU -> GatedActivation.Activation.GELU_ERF;
            case GELU_TANH -> GatedActivation.Activation.GELU_TANH;
            case RELU, QUICK_GELU -> null;
        };
    }

    private Tensor activate(Tensor x) {
        return switch (shape.activation()) {
            case RELU -> torch.relu(x);
            case GELU -> torch.gelu(x, "none");
            case GELU_TANH -> torch.gelu(x, "tanh");
            case SILU -> torch.silu(x);
            case QUICK_GELU -> x.mul(torch.sigmoid(x.mul(new Scalar(QUICK))));
        };
    }
}
