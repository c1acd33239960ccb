package dev.chorus.model.family;

import dev.chorus.model.family.Architecture.Attention;
import dev.chorus.model.family.Architecture.Mlp;
import dev.chorus.model.family.Architecture.Norm;
import dev.chorus.model.family.Architecture.QkvLayout;
import java.util.List;

/** Phi-3 (Abdin et al., arXiv:2404.14219): Llama with joined projections, part of a head rotated, a sliding window. */
final class Phi3 extends Llama {
    @Override
    public String modelType() {
        return "phi3";
    }

    @Override
    public String className() {
        return "Phi3";
    }

    @Override
    public TensorNames names() {
        return super.names().with(Part.QKV, "self_attn.qkv_proj").with(Part.GATE_UP, "mlp.gate_up_proj");
    }

    @Override
    public List<String> adapterTargets() {
        return List.of("qkv_proj", "o_proj", "gate_up_proj", "down_proj");
    }

    @Override
    Attention attention(ConfigJson config, Sizes sizes) {
        config.require("attention_bias", "false");
        return attention(config, sizes, false, false, false, QkvLayout.JOINED);
    }

    @Override
    Mlp mlp(ConfigJson config, Sizes sizes) {
        return new Mlp(sizes.inner(), true, true, false, config.activation("hidden_act", "silu"));
    }

    @Override
    Norm norm(ConfigJson config) {
        return new Norm(true, config.positive("rms_norm_eps", 1e-5), true, 0);
    }

    @Override
    List<Integer> windows(ConfigJson config, int layers) {
        return Windows.everywhere(config, layers, 0);
    }
}
