package dev.chorus.model;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Layer norm over the channels (Ba et al., arXiv:1607.06450). */
final class LayerNorm {
    private final Tensor weight;
    private final Tensor bias;
    private final int width;
    private final double epsilon;

    LayerNorm(Parameters parameters, String name, DecoderConfig config) {
        weight = parameters.get(name + ".weight");
        bias = parameters.get(name + ".bias");
        width = config.width();
        epsilon = config.epsilon();
    }

    static List<Parameters.Spec> specs(String name, int width) {
        return List.of(
                Parameters.Spec.constant(name + ".weight", 1, width),
                Parameters.Spec.constant(name + ".bias", 0, width));
    }

    /** x [N, C] to [N, C]. */
    Tensor of(Tensor x) {
        return torch.layer_norm(
                x, new long[] {width}, new TensorOptional(weight), new TensorOptional(bias), epsilon, false);
    }
}
