package dev.chorus.model.family;

import dev.chorus.model.family.Architecture.Attention;
import dev.chorus.model.family.Architecture.QkvLayout;

/** Qwen 3 (Yang et al., arXiv:2505.09388): Qwen 2 with a norm on every query and key head, biases by choice. */
final class Qwen3 extends Qwen2 {
    @Override
    public String modelType() {
        return "qwen3";
    }

    @Override
    public String className() {
        return "Qwen3";
    }

    @Override
    public TensorNames names() {
        return super.names().with(Part.QUERY_NORM, "self_attn.q_norm").with(Part.KEY_NORM, "self_attn.k_norm");
    }

    @Override
    Sizes sizes(ConfigJson config) {
        return Sizes.read(config, 32, 128);
    }

    @Override
    Attention attention(ConfigJson config, Sizes sizes) {
        boolean bias = config.flag("attention_bias", false);
        return attention(config, sizes, bias, bias, true, QkvLayout.SEPARATE);
    }
}
