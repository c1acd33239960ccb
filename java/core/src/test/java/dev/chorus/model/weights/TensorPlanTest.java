package dev.chorus.model.weights;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.model.TinyConfigs;
import dev.chorus.model.family.TensorNames;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Names and shapes as transformers gives them for the same configs. */
class TensorPlanTest {
    @Test
    void gpt2() {
        assertTensors(TinyConfigs.GPT2, "transformer.h.", """
                transformer.wte.weight [23, 16]
                transformer.wpe.weight [64, 16]
                transformer.h.0.ln_1.weight [16]
                transformer.h.0.ln_1.bias [16]
                transformer.h.0.attn.c_attn.weight [16, 48]
                transformer.h.0.attn.c_attn.bias [48]
                transformer.h.0.attn.c_proj.weight [16, 16]
                transformer.h.0.attn.c_proj.bias [16]
                transformer.h.0.ln_2.weight [16]
                transformer.h.0.ln_2.bias [16]
                transformer.h.0.mlp.c_fc.weight [16, 64]
                transformer.h.0.mlp.c_fc.bias [64]
                transformer.h.0.mlp.c_proj.weight [64, 16]
                transformer.h.0.mlp.c_proj.bias [16]
                transformer.ln_f.weight [16]
                transformer.ln_f.bias [16]
                """);
    }

    @Test
    void opt() {
        String block = """
                model.decoder.layers.0.self_attn.k_proj.weight [16, 16]
                model.decoder.layers.0.self_attn.k_proj.bias [16]
                model.decoder.layers.0.self_attn.v_proj.weight [16, 16]
                model.decoder.layers.0.self_attn.v_proj.bias [16]
                model.decoder.layers.0.self_attn.q_proj.weight [16, 16]
                model.decoder.layers.0.self_attn.q_proj.bias [16]
                model.decoder.layers.0.self_attn.out_proj.weight [16, 16]
                model.decoder.layers.0.self_attn.out_proj.bias [16]
                model.decoder.layers.0.self_attn_layer_norm.weight [16]
                model.decoder.layers.0.self_attn_layer_norm.bias [16]
                model.decoder.layers.0.fc1.weight [24, 16]
                model.decoder.layers.0.fc1.bias [24]
                model.decoder.layers.0.fc2.weight [16, 24]
                model.decoder.layers.0.fc2.bias [16]
                model.decoder.layers.0.final_layer_norm.weight [16]
                model.decoder.layers.0.final_layer_norm.bias [16]
                """;
        assertTensors(TinyConfigs.OPT, "model.decoder.layers.", block + """
                model.decoder.embed_tokens.weight [23, 16]
                model.decoder.embed_positions.weight [66, 16]
                model.decoder.final_layer_norm.weight [16]
                model.decoder.final_layer_norm.bias [16]
                """);
        assertTensors(TinyConfigs.OPT_POST_NORM, "model.decoder.layers.", block + """
                model.decoder.embed_tokens.weight [23, 8]
                model.decoder.embed_positions.weight [66, 16]
                model.decoder.project_out.weight [8, 16]
                model.decoder.project_in.weight [16, 8]
                """);
    }

    /** The head's name is that of the files; in memory transformers 5 calls it lm_head. */
    @Test
    void gptNeox() {
        assertTensors(TinyConfigs.GPT_NEOX, "gpt_neox.layers.", """
                gpt_neox.embed_in.weight [23, 24]
                gpt_neox.layers.0.input_layernorm.weight [24]
                gpt_neox.layers.0.input_layernorm.bias [24]
                gpt_neox.layers.0.post_attention_layernorm.weight [24]
                gpt_neox.layers.0.post_attention_layernorm.bias [24]
                gpt_neox.layers.0.attention.query_key_value.weight [72, 24]
                gpt_neox.layers.0.attention.query_key_value.bias [72]
                gpt_neox.layers.0.attention.dense.weight [24, 24]
                gpt_neox.layers.0.attention.dense.bias [24]
                gpt_neox.layers.0.mlp.dense_h_to_4h.weight [32, 24]
                gpt_neox.layers.0.mlp.dense_h_to_4h.bias [32]
                gpt_neox.layers.0.mlp.dense_4h_to_h.weight [24, 32]
                gpt_neox.layers.0.mlp.dense_4h_to_h.bias [24]
                gpt_neox.final_layer_norm.weight [24]
                gpt_neox.final_layer_norm.bias [24]
                embed_out.weight [23, 24]
                """);
    }

    @Test
    void bloom() {
        assertTensors(TinyConfigs.BLOOM, "transformer.h.", """
                transformer.word_embeddings.weight [23, 24]
                transformer.word_embeddings_layernorm.weight [24]
                transformer.word_embeddings_layernorm.bias [24]
                transformer.h.0.input_layernorm.weight [24]
                transformer.h.0.input_layernorm.bias [24]
                transformer.h.0.self_attention.query_key_value.weight [72, 24]
                transformer.h.0.self_attention.query_key_value.bias [72]
                transformer.h.0.self_attention.dense.weight [24, 24]
                transformer.h.0.self_attention.dense.bias [24]
                transformer.h.0.post_attention_layernorm.weight [24]
                transformer.h.0.post_attention_layernorm.bias [24]
                transformer.h.0.mlp.dense_h_to_4h.weight [96, 24]
                transformer.h.0.mlp.dense_h_to_4h.bias [96]
                transformer.h.0.mlp.dense_4h_to_h.weight [24, 96]
                transformer.h.0.mlp.dense_4h_to_h.bias [24]
                transformer.ln_f.weight [24]
                transformer.ln_f.bias [24]
                """);
    }

    @Test
    void llamaAndItsKin() {
        assertTensors(TinyConfigs.LLAMA, "model.layers.", llamaLike(16, 8, """
                model.layers.0.self_attn.q_proj.bias [16]
                model.layers.0.self_attn.k_proj.bias [8]
                model.layers.0.self_attn.v_proj.bias [8]
                model.layers.0.self_attn.o_proj.bias [16]
                lm_head.weight [23, 16]
                """));
        assertTensors(TinyConfigs.MISTRAL, "model.layers.", llamaLike(16, 4, "lm_head.weight [23, 16]\n"));
        assertTensors(TinyConfigs.QWEN2, "model.layers.", llamaLike(16, 8, """
                model.layers.0.self_attn.q_proj.bias [16]
                model.layers.0.self_attn.k_proj.bias [8]
                model.layers.0.self_attn.v_proj.bias [8]
                lm_head.weight [23, 16]
                """));
        assertTensors(TinyConfigs.QWEN3, "model.layers.", llamaLike(24, 12, """
                model.layers.0.self_attn.q_norm.weight [6]
                model.layers.0.self_attn.k_norm.weight [6]
                lm_head.weight [23, 16]
                """));
        assertTensors(TinyConfigs.GEMMA2, "model.layers.", llamaLike(32, 16, """
                model.layers.0.pre_feedforward_layernorm.weight [16]
                model.layers.0.post_feedforward_layernorm.weight [16]
                """));
        assertTensors(TinyConfigs.PHI3, "model.layers.", """
                model.embed_tokens.weight [23, 16]
                model.layers.0.self_attn.o_proj.weight [16, 16]
                model.layers.0.self_attn.qkv_proj.weight [48, 16]
                model.layers.0.mlp.gate_up_proj.weight [48, 16]
                model.layers.0.mlp.down_proj.weight [16, 24]
                model.layers.0.input_layernorm.weight [16]
                model.layers.0.post_attention_layernorm.weight [16]
                model.norm.weight [16]
                lm_head.weight [23, 16]
                """);
    }

    private static String llamaLike(int queries, int keys, String more) {
        return more + """
                model.embed_tokens.weight [23, 16]
                model.layers.0.self_attn.q_proj.weight [Q, 16]
                model.layers.0.self_attn.k_proj.weight [K, 16]
                model.layers.0.self_attn.v_proj.weight [K, 16]
                model.layers.0.self_attn.o_proj.weight [16, Q]
                model.layers.0.mlp.gate_proj.weight [24, 16]
                model.layers.0.mlp.up_proj.weight [24, 16]
                model.layers.0.mlp.down_proj.weight [16, 24]
                model.layers.0.input_layernorm.weight [16]
                model.layers.0.post_attention_layernorm.weight [16]
                model.norm.weight [16]
                """.replace("Q", Integer.toString(queries)).replace("K", Integer.toString(keys));
    }

    /** A classifier has a score in place of the head, tied or not. */
    @ParameterizedTest
    @EnumSource
    void classifiersHaveAScore(TinyConfigs tiny) {
        List<String> model = names(TensorPlan.of(tiny.config()));
        List<String> classifier = names(TensorPlan.of(tiny.config().withLabels(3)));
        int width = tiny.config().architecture().embedding().width();
        assertThat(classifier).endsWith("score.weight [3, " + width + "]");
        assertThat(classifier.subList(0, classifier.size() - 1))
                .isEqualTo(model.stream()
                        .filter(name -> !name.startsWith("lm_head") && !name.startsWith("embed_out"))
                        .toList());
    }

    @Test
    void storedConstantsAreNoWeights() {
        for (String buffer : List.of(
                "transformer.h.0.attn.bias",
                "h.11.attn.masked_bias",
                "gpt_neox.layers.3.attention.bias",
                "gpt_neox.layers.3.attention.masked_bias",
                "gpt_neox.layers.3.attention.rotary_emb.inv_freq",
                "model.layers.0.self_attn.rotary_emb.inv_freq")) {
            assertThat(TensorNames.isBuffer(buffer)).as(buffer).isTrue();
        }
        for (TinyConfigs tiny : TinyConfigs.values()) {
            assertThat(TensorPlan.of(tiny.config())).noneMatch(spec -> TensorNames.isBuffer(spec.name()));
        }
    }

    /** Those of the first block and around the blocks; the other blocks have the same. */
    private static void assertTensors(TinyConfigs tiny, String blocks, String expected) {
        List<String> found = names(TensorPlan.of(tiny.config()));
        assertThat(found.stream().filter(name -> !name.startsWith(blocks) || name.startsWith(blocks + "0.")))
                .containsExactlyInAnyOrderElementsOf(expected.lines().toList());
        List<String> first =
                found.stream().filter(name -> name.startsWith(blocks + "0.")).toList();
        for (int layer = 1; layer < tiny.config().architecture().layers(); layer++) {
            String prefix = blocks + layer + ".";
            assertThat(found.stream().filter(name -> name.startsWith(prefix)))
                    .containsExactlyElementsOf(first.stream()
                            .map(name -> name.replace(blocks + "0.", prefix))
                            .toList());
        }
    }

    private static List<String> names(List<TensorSpec> specs) {
        return specs.stream()
                .map(spec -> spec.name() + " " + Arrays.toString(spec.shape()))
                .toList();
    }
}
