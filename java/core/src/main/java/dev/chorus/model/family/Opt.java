package dev.chorus.model.family;

import dev.chorus.model.family.Architecture.Attention;
import dev.chorus.model.family.Architecture.BlockOrder;
import dev.chorus.model.family.Architecture.Embedding;
import dev.chorus.model.family.Architecture.Head;
import dev.chorus.model.family.Architecture.Mlp;
import dev.chorus.model.family.Architecture.Norm;
import dev.chorus.model.family.Architecture.QkvLayout;
import java.util.List;

/** OPT (Zhang et al., arXiv:2205.01068): GPT-2's plan with ReLU; OPT-350m has its norms last and a narrower embedding. */
final class Opt implements Family {
    @Override
    public String modelType() {
        return "opt";
    }

    @Override
    public String className() {
        return "OPT";
    }

    @Override
    public TensorNames names() {
        return TensorNames.of("model.", "decoder.layers.%d.")
                .with(Part.EMBEDDING, "decoder.embed_tokens")
                .with(Part.POSITIONS, "decoder.embed_positions")
                .with(Part.PROJECT_IN, "decoder.project_in")
                .with(Part.PROJECT_OUT, "decoder.project_out")
                .with(Part.FINAL_NORM, "decoder.final_layer_norm")
                .with(Part.ATTENTION_NORM, "self_attn_layer_norm")
                .with(Part.QUERY, "self_attn.q_proj")
                .with(Part.KEY, "self_attn.k_proj")
                .with(Part.VALUE, "self_attn.v_proj")
                .with(Part.ATTENTION_OUT, "self_attn.out_proj")
                .with(Part.MLP_NORM, "final_layer_norm")
                .with(Part.UP, "fc1")
                .with(Part.DOWN, "fc2");
    }

    @Override
    public List<String> adapterTargets() {
        return List.of("q_proj", "v_proj");
    }

    @Override
    public Architecture read(ConfigJson config) {
        int width = config.size("hidden_size");
        int heads = config.size("num_attention_heads");
        int headWidth = Sizes.quotient(config, width, heads);
        boolean bias = config.flag("enable_bias", true);
        boolean normFirst = config.flag("do_layer_norm_before", true);
        boolean normLast = !config.flag("_remove_final_layer_norm", false);
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
                QkvLayout.SEPARATE,
                new Positions.Learned(2));
        return new Architecture(
                config.size("vocab_size"),
                width,
                config.size("max_position_embeddings"),
                new Embedding(config.sizeOr(width, "word_embed_proj_dim"), 1, false),
                attention,
                new Mlp(
                        config.size("ffn_dim"),
                        false,
                        false,
                        bias,
                        config.activation("activation_function", "relu")),
                new Norm(false, 1e-5, config.flag("layer_norm_elementwise_affine", true), 0),
                normFirst ? BlockOrder.PRE : BlockOrder.POST,
                normFirst && normLast,
                new Head(config.flag("tie_word_embeddings", true), 0),
                false,
                Windows.full(config.size("num_hidden_layers")),
                0);
    }
}
