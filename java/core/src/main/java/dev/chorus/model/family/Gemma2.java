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
 * Gemma 2 (arXiv:2408.00118): norms before and behind attention and feed-forward part, caps on scores and logits, every other
 * layer with a window, an embedding scaled by sqrt(C).
 */
final class Gemma2 extends Llama {
    private static final double USUAL_SCALAR = 256;
    private static final int USUAL_WINDOW = 4096;

    @Override
    public String modelType() {
        return "gemma2";
    }

    @Override
    public String className() {
        return "Gemma2";
    }

    @Override
    public TensorNames names() {
        return super.names()
                .with(Part.AFTER_ATTENTION_NORM, "post_attention_layernorm")
                .with(Part.MLP_NORM, "pre_feedforward_layernorm")
                .with(Part.AFTER_MLP_NORM, "post_feedforward_layernorm");
    }

    @Override
    Sizes sizes(ConfigJson config) {
        return Sizes.read(config, 4, 256);
    }

    @Override
    Embedding embedding(Sizes sizes) {
        return new Embedding(sizes.width(), Math.sqrt(sizes.width()), false);
    }

    @Override
    Attention attention(ConfigJson config, Sizes sizes) {
        config.require("use_bidirectional_attention", "false");
        boolean bias = config.flag("attention_bias", false);
        return new Attention(
                sizes.heads(),
                sizes.keyHeads(),
                sizes.headWidth(),
                1 / Math.sqrt(config.positive("query_pre_attn_scalar", USUAL_SCALAR)),
                false,
                cap(config, "attn_logit_softcapping", 50),
                bias,
                bias,
                false,
                QkvLayout.SEPARATE,
                Rotations.read(config, sizes.headWidth(), 1, sizes.maxTokens()));
    }

    @Override
    Mlp mlp(ConfigJson config, Sizes sizes) {
        config.text("hidden_act", "");
        return new Mlp(sizes.inner(), true, false, false, config.activation("hidden_activation", "gelu_pytorch_tanh"));
    }

    @Override
    Norm norm(ConfigJson config) {
        return new Norm(true, config.positive("rms_norm_eps", 1e-6), true, 1);
    }

    @Override
    BlockOrder order() {
        return BlockOrder.SANDWICH;
    }

    @Override
    Head head(ConfigJson config) {
        return new Head(config.flag("tie_word_embeddings", true), cap(config, "final_logit_softcapping", 30));
    }

    @Override
    List<Integer> windows(ConfigJson config, int layers) {
        return Windows.perLayer(
                config, layers, config.sizeOr(USUAL_WINDOW, 0, "sliding_window"), layer -> layer % 2 == 0);
    }

    /** A missing key stands for the usual cap, null for none. */
    private static double cap(ConfigJson config, String key, double usual) {
        return config.contains(key) ? config.has(key) ? config.positive(key, usual) : 0 : usual;
    }
}
