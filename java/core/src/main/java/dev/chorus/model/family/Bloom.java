package dev.chorus.model.family;

import dev.chorus.model.family.Architecture.Attention;
import dev.chorus.model.family.Architecture.BlockOrder;
import dev.chorus.model.family.Architecture.Embedding;
import dev.chorus.model.family.Architecture.Head;
import dev.chorus.model.family.Architecture.Mlp;
import dev.chorus.model.family.Architecture.Norm;
import dev.chorus.model.family.Architecture.QkvLayout;
import java.util.List;

/** BLOOM (Scao et al., arXiv:2211.05100): ALiBi, a norm behind the embedding. */
final class Bloom implements Family {
    /** Tokens of its training; the config need not name them, and ALiBi knows no limit. */
    private static final int TRAINED = 2048;

    @Override
    public String modelType() {
        return "bloom";
    }

    @Override
    public String className() {
        return "Bloom";
    }

    @Override
    public TensorNames names() {
        return TensorNames.of("transformer.", "h.%d.")
                .with(Part.EMBEDDING, "word_embeddings")
                .with(Part.EMBEDDING_NORM, "word_embeddings_layernorm")
                .with(Part.FINAL_NORM, "ln_f")
                .with(Part.ATTENTION_NORM, "input_layernorm")
                .with(Part.QKV, "self_attention.query_key_value")
                .with(Part.ATTENTION_OUT, "self_attention.dense")
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
        int width = config.size("hidden_size", "n_embed");
        int heads = config.size("n_head", "num_attention_heads");
        int headWidth = Sizes.quotient(config, width, heads);
        config.has("attention_softmax_in_fp32");
        config.has("bias_dropout_fusion");
        config.has("n_inner");
        Attention attention = new Attention(
                heads,
                heads,
                headWidth,
                1 / Math.sqrt(headWidth),
                false,
                0,
                true,
                true,
                false,
                QkvLayout.PER_HEAD,
                new Positions.Alibi());
        return new Architecture(
                config.size("vocab_size"),
                width,
                config.sizeOr(TRAINED, "seq_length"),
                new Embedding(width, 1, true),
                attention,
                new Mlp(4 * width, false, false, true, Activation.GELU_TANH),
                new Norm(false, config.positive("layer_norm_epsilon", 1e-5), true, 0),
                config.flag("apply_residual_connection_post_layernorm", false)
                        ? BlockOrder.NORMED_RESIDUAL
                        : BlockOrder.PRE,
                true,
                new Head(config.flag("tie_word_embeddings", true), 0),
                false,
                Windows.full(config.size("n_layer", "num_hidden_layers")),
                0);
    }
}
