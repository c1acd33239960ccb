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
 * GPT-NeoX and Pythia (Black et al., arXiv:2204.06745; Biderman et al., arXiv:2304.01373): attention and feed-forward part
 * side by side, a quarter of each head rotated.
 */
final class GptNeox implements Family {
    private static final double ROTATED_SHARE = 0.25;

    @Override
    public String modelType() {
        return "gpt_neox";
    }

    @Override
    public String className() {
        return "GPTNeoX";
    }

    @Override
    public TensorNames names() {
        return TensorNames.of("gpt_neox.", "layers.%d.")
                .with(Part.EMBEDDING, "embed_in")
                .with(Part.FINAL_NORM, "final_layer_norm")
                .with(Part.HEAD, "embed_out")
                .with(Part.ATTENTION_NORM, "input_layernorm")
                .with(Part.QKV, "attention.query_key_value")
                .with(Part.ATTENTION_OUT, "attention.dense")
                .with(Part.MLP_NORM, "post_attention_layernorm")
                .with(Part.UP, "mlp.dense_h_to_4h")
                .with(Part.DOWN, "mlp.dense_4h_to_h");
    }

    @Override
    public List<String> adapterTargets() {
        return List.of("query_key_value");
    }

    @Override
    public Architecture read(ConfigJson config) {
        int width = config.size("hidden_size");
        int heads = config.size("num_attention_heads");
        int headWidth = Sizes.quotient(config, width, heads);
        int maxTokens = config.size("max_position_embeddings");
        boolean bias = config.flag("attention_bias", true);
        config.flag("is_decoder", true);
        Attention attention = new Attention(
                heads,
                heads,
                headWidth,
                1 / Math.sqrt(headWidth),
                false,
                0,
                bias,
                bias,
                false,
                QkvLayout.PER_HEAD,
                Rotations.read(config, headWidth, ROTATED_SHARE, maxTokens));
        return new Architecture(
                config.size("vocab_size"),
                width,
                maxTokens,
                new Embedding(width, 1, false),
                attention,
                new Mlp(config.size("intermediate_size"), false, false, true, config.activation("hidden_act", "gelu")),
                new Norm(false, config.positive("layer_norm_eps", 1e-5), true, 0),
                config.flag("use_parallel_residual", true) ? BlockOrder.PARALLEL : BlockOrder.PRE,
                true,
                new Head(config.flag("tie_word_embeddings", false), 0),
                false,
                Windows.full(config.size("num_hidden_layers")),
                0);
    }
}
