package dev.chorus.model.family;

import dev.chorus.model.family.Architecture.Attention;
import dev.chorus.model.family.Architecture.BlockOrder;
import dev.chorus.model.family.Architecture.Embedding;
import dev.chorus.model.family.Architecture.Head;
import dev.chorus.model.family.Architecture.Mlp;
import dev.chorus.model.family.Architecture.Norm;
import dev.chorus.model.family.Architecture.QkvLayout;
import java.util.List;

/**
 * Llama 1 to 3 and TinyLlama (Touvron et al., arXiv:2302.13971, 2307.09288; arXiv:2407.21783), and the base of the families
 * that differ from it in a point or two: each overrides that point.
 */
class Llama implements Family {
    @Override
    public String modelType() {
        return "llama";
    }

    @Override
    public String className() {
        return "Llama";
    }

    @Override
    public TensorNames names() {
        return TensorNames.llama();
    }

    @Override
    public List<String> adapterTargets() {
        return List.of("q_proj", "v_proj");
    }

    @Override
    public Architecture read(ConfigJson config) {
        Sizes sizes = sizes(config);
        return new Architecture(
                sizes.vocab(),
                sizes.width(),
                sizes.maxTokens(),
                embedding(sizes),
                attention(config, sizes),
                mlp(config, sizes),
                norm(config),
                order(),
                true,
                head(config),
                false,
                windows(config, sizes.layers()),
                0);
    }

    Sizes sizes(ConfigJson config) {
        return Sizes.read(config, 0, 0);
    }

    Embedding embedding(Sizes sizes) {
        return new Embedding(sizes.width(), 1, false);
    }

    Attention attention(ConfigJson config, Sizes sizes) {
        boolean bias = config.flag("attention_bias", false);
        return attention(config, sizes, bias, bias, false, QkvLayout.SEPARATE);
    }

    /** Attention with rotary positions over whole heads. */
    static Attention attention(
            ConfigJson config, Sizes sizes, boolean qkvBias, boolean outBias, boolean headNorm, QkvLayout layout) {
        return new Attention(
                sizes.heads(),
                sizes.keyHeads(),
                sizes.headWidth(),
                1 / Math.sqrt(sizes.headWidth()),
                false,
                0,
                qkvBias,
                outBias,
                headNorm,
                layout,
                Rotations.read(config, sizes.headWidth(), 1, sizes.maxTokens()));
    }

    Mlp mlp(ConfigJson config, Sizes sizes) {
        return new Mlp(
                sizes.inner(), true, false, config.flag("mlp_bias", false), config.activation("hidden_act", "silu"));
    }

    Norm norm(ConfigJson config) {
        return new Norm(true, config.positive("rms_norm_eps", 1e-6), true, 0);
    }

    BlockOrder order() {
        return BlockOrder.PRE;
    }

    Head head(ConfigJson config) {
        return new Head(config.flag("tie_word_embeddings", false), 0);
    }

    List<Integer> windows(ConfigJson config, int layers) {
        return Windows.full(layers);
    }
}
