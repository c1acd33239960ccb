package dev.chorus.model.family;

import dev.chorus.model.family.Architecture.Attention;
import dev.chorus.model.family.Architecture.BlockOrder;
import dev.chorus.model.family.Architecture.Embedding;
import dev.chorus.model.family.Architecture.Head;
import dev.chorus.model.family.Architecture.Mlp;
import dev.chorus.model.family.Architecture.Norm;
import dev.chorus.model.family.Architecture.QkvLayout;
import java.util.List;

/** GPT-2 (Radford et al. 2019): learned positions, layer norm, biases everywhere, weights stored [in, out]. */
final class Gpt2 implements Family {
    @Override
    public String modelType() {
        return "gpt2";
    }

    @Override
    public String className() {
        return "GPT2";
    }

    @Override
    public String languageModelClass() {
        return "GPT2LMHeadModel";
    }

    @Override
    public TensorNames names() {
        return TensorNames.of("transformer.", "h.%d.")
                .with(Part.EMBEDDING, "wte")
                .with(Part.POSITIONS, "wpe")
                .with(Part.FINAL_NORM, "ln_f")
                .with(Part.ATTENTION_NORM, "ln_1")
                .with(Part.QKV, "attn.c_attn")
                .with(Part.ATTENTION_OUT, "attn.c_proj")
                .with(Part.MLP_NORM, "ln_2")
                .with(Part.UP, "mlp.c_fc")
                .with(Part.DOWN, "mlp.c_proj");
    }

    @Override
    public List<String> adapterTargets() {
        return List.of("c_attn");
    }

    @Override
    public Architecture read(ConfigJson config) {
        int width = config.size("n_embd", "hidden_size");
        int heads = config.size("n_head", "num_attention_heads");
        int layers = config.size("n_layer", "num_hidden_layers");
        int headWidth = Sizes.quotient(config, width, heads);
        int maxTokens = config.size("n_positions", "max_position_embeddings");
        config.sizeOr(maxTokens, "n_ctx");
        config.require("add_cross_attention", "false");
        double scale = config.flag("scale_attn_weights", true) ? 1 / Math.sqrt(headWidth) : 1;
        Attention attention = new Attention(
                heads,
                heads,
                headWidth,
                scale,
                config.flag("scale_attn_by_inverse_layer_idx", false),
                0,
                true,
                true,
                false,
                QkvLayout.JOINED,
                new Positions.Learned(0));
        return new Architecture(
                config.size("vocab_size"),
                width,
                maxTokens,
                new Embedding(width, 1, false),
                attention,
                new Mlp(
                        config.sizeOr(4 * width, "n_inner"),
                        false,
                        false,
                        true,
                        config.activation("activation_function", "gelu_new")),
                new Norm(false, config.positive("layer_norm_epsilon", 1e-5), true, 0),
                BlockOrder.PRE,
                true,
                new Head(config.flag("tie_word_embeddings", true), 0),
                true,
                Windows.full(layers),
                0);
    }
}
