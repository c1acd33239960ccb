package dev.chorus.model.family;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.model.TinyConfigs;
import dev.chorus.model.family.Architecture.Attention;
import dev.chorus.model.family.Architecture.BlockOrder;
import dev.chorus.model.family.Architecture.Embedding;
import dev.chorus.model.family.Architecture.Head;
import dev.chorus.model.family.Architecture.Mlp;
import dev.chorus.model.family.Architecture.Norm;
import dev.chorus.model.family.Architecture.QkvLayout;
import dev.chorus.model.family.Positions.Alibi;
import dev.chorus.model.family.Positions.Learned;
import dev.chorus.model.family.Positions.Rotary;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What every family takes for the keys that a config leaves out, and which point each key changes. */
class ModelConfigTest {
    private static final String LLAMA_SIZES = """
            "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 5, "vocab_size": 7,
            "max_position_embeddings": 9000""";

    private static final Rotary PLAIN = new Rotary(12, 10_000, new RotaryScaling.None());

    @Test
    void gpt2() {
        String sizes = """
                {"model_type": "gpt2", "n_embd": 24, "n_layer": 3, "n_head": 2, "n_positions": 9, "vocab_size": 7""";
        Attention attention = new Attention(
                2, 2, 12, 1 / Math.sqrt(12), false, 0, true, true, false, QkvLayout.JOINED, new Learned(0));
        Architecture expected = new Architecture(
                7,
                24,
                9,
                new Embedding(24, 1, false),
                attention,
                new Mlp(96, false, false, true, Activation.GELU_TANH),
                new Norm(false, 1e-5, true, 0),
                BlockOrder.PRE,
                true,
                new Head(true, 0),
                true,
                List.of(0, 0, 0),
                0);
        assertThat(read(sizes + "}")).isEqualTo(expected);
        assertThat(expected.hardLimit()).isEqualTo(9);
        assertThat(ModelConfig.gpt2(7, 24, 3, 2, 9).architecture()).isEqualTo(expected);
        // The names that newer files use.
        assertThat(read("""
                {"model_type": "gpt2", "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 2,
                 "max_position_embeddings": 9, "vocab_size": 7, "n_inner": null}""")).isEqualTo(expected);
        Architecture other = read(sizes + """
                , "n_inner": 30, "activation_function": "relu", "layer_norm_epsilon": 1e-6, "scale_attn_weights": false,
                "scale_attn_by_inverse_layer_idx": true, "tie_word_embeddings": false}""");
        assertThat(other.mlp()).isEqualTo(new Mlp(30, false, false, true, Activation.RELU));
        assertThat(other.norm().epsilon()).isEqualTo(1e-6);
        assertThat(other.head().tied()).isFalse();
        assertThat(other.attention().scale(0)).isEqualTo(1);
        assertThat(other.attention().scale(2)).isEqualTo(1 / 3.0);
    }

    @Test
    void opt() {
        String sizes = """
                {"model_type": "opt", "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "ffn_dim": 5,
                 "max_position_embeddings": 9, "vocab_size": 7""";
        Attention attention = new Attention(
                2, 2, 12, 1 / Math.sqrt(12), false, 0, true, true, false, QkvLayout.SEPARATE, new Learned(2));
        Architecture expected = new Architecture(
                7,
                24,
                9,
                new Embedding(24, 1, false),
                attention,
                new Mlp(5, false, false, true, Activation.RELU),
                new Norm(false, 1e-5, true, 0),
                BlockOrder.PRE,
                true,
                new Head(true, 0),
                false,
                List.of(0, 0),
                0);
        assertThat(read(sizes + "}")).isEqualTo(expected);
        Architecture other = read(sizes + """
                , "do_layer_norm_before": false, "word_embed_proj_dim": 4, "enable_bias": false,
                "layer_norm_elementwise_affine": false, "activation_function": "gelu"}""");
        assertThat(other.order()).isEqualTo(BlockOrder.POST);
        assertThat(other.finalNorm()).isFalse();
        assertThat(other.embedding().width()).isEqualTo(4);
        assertThat(other.attention().qkvBias()
                        || other.attention().outBias()
                        || other.mlp().bias())
                .isFalse();
        assertThat(other.norm().affine()).isFalse();
        assertThat(other.norm().bias()).isFalse();
        assertThat(other.mlp().activation()).isEqualTo(Activation.GELU);
        assertThat(read(sizes + ", \"_remove_final_layer_norm\": true}").finalNorm())
                .isFalse();
    }

    @Test
    void gptNeox() {
        String sizes = """
                {"model_type": "gpt_neox", "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2,
                 "intermediate_size": 5, "max_position_embeddings": 9, "vocab_size": 7""";
        Attention attention = new Attention(
                2,
                2,
                12,
                1 / Math.sqrt(12),
                false,
                0,
                true,
                true,
                false,
                QkvLayout.PER_HEAD,
                new Rotary(3, 10_000, new RotaryScaling.None()));
        Architecture expected = new Architecture(
                7,
                24,
                9,
                new Embedding(24, 1, false),
                attention,
                new Mlp(5, false, false, true, Activation.GELU),
                new Norm(false, 1e-5, true, 0),
                BlockOrder.PARALLEL,
                true,
                new Head(false, 0),
                false,
                List.of(0, 0),
                0);
        assertThat(read(sizes + "}")).isEqualTo(expected);
        assertThat(expected.hardLimit()).isEqualTo(Integer.MAX_VALUE);
        Architecture other = read(sizes + """
                , "use_parallel_residual": false, "attention_bias": false, "layer_norm_eps": 1e-6, "hidden_act": "silu",
                "tie_word_embeddings": true}""");
        assertThat(other.order()).isEqualTo(BlockOrder.PRE);
        assertThat(other.attention().qkvBias() || other.attention().outBias()).isFalse();
        assertThat(other.norm().epsilon()).isEqualTo(1e-6);
        assertThat(other.mlp().activation()).isEqualTo(Activation.SILU);
        assertThat(other.head().tied()).isTrue();
    }

    @Test
    void bloom() {
        String sizes =
                "{\"model_type\": \"bloom\", \"hidden_size\": 24, \"n_layer\": 2, \"n_head\": 2, \"vocab_size\": 7";
        Attention attention = new Attention(
                2, 2, 12, 1 / Math.sqrt(12), false, 0, true, true, false, QkvLayout.PER_HEAD, new Alibi());
        Architecture expected = new Architecture(
                7,
                24,
                2048,
                new Embedding(24, 1, true),
                attention,
                new Mlp(96, false, false, true, Activation.GELU_TANH),
                new Norm(false, 1e-5, true, 0),
                BlockOrder.PRE,
                true,
                new Head(true, 0),
                false,
                List.of(0, 0),
                0);
        assertThat(read(sizes + "}")).isEqualTo(expected);
        assertThat(expected.hardLimit()).isEqualTo(Integer.MAX_VALUE);
        // As the first uploads spell it.
        assertThat(read("""
                {"model_type": "bloom", "n_embed": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 7,
                 "seq_length": 2048, "n_inner": null, "attention_softmax_in_fp32": true, "bias_dropout_fusion": true,
                 "offset_alibi": 100, "skip_bias_add": true}""")).isEqualTo(expected);
        assertThat(read(sizes + ", \"apply_residual_connection_post_layernorm\": true}")
                        .order())
                .isEqualTo(BlockOrder.NORMED_RESIDUAL);
    }

    @Test
    void llama() {
        Architecture expected = llamaLike(2, 12, false, false, 1e-6, List.of(0, 0, 0), false);
        assertThat(read(llama("llama", ""))).isEqualTo(expected);
        assertThat(read(llama("llama", "\"num_key_value_heads\": null, \"head_dim\": null")))
                .isEqualTo(expected);
        assertThat(expected.hardLimit()).isEqualTo(Integer.MAX_VALUE);
        Architecture other = read(llama("llama", """
                "num_key_value_heads": 1, "head_dim": 6, "attention_bias": true, "mlp_bias": true, "rms_norm_eps": 1e-5,
                "tie_word_embeddings": true, "hidden_act": "gelu_pytorch_tanh\""""));
        assertThat(other.attention().keyHeads()).isEqualTo(1);
        assertThat(other.attention().headWidth()).isEqualTo(6);
        assertThat(other.attention().queryWidth()).isEqualTo(12);
        assertThat(other.attention().keyWidth()).isEqualTo(6);
        assertThat(other.attention().scale(1)).isEqualTo(1 / Math.sqrt(6));
        assertThat(other.attention().qkvBias()
                        && other.attention().outBias()
                        && other.mlp().bias())
                .isTrue();
        assertThat(other.norm()).isEqualTo(new Norm(true, 1e-5, true, 0));
        assertThat(other.head().tied()).isTrue();
        assertThat(other.mlp().activation()).isEqualTo(Activation.GELU_TANH);
    }

    @Test
    void mistral() {
        String usual = "\"num_attention_heads\": 16, \"hidden_size\": 192";
        Architecture found = read(llama("mistral", usual));
        assertThat(found.attention().keyHeads()).isEqualTo(8);
        assertThat(found.windows()).containsExactly(4096, 4096, 4096);
        assertThat(read(llama("mistral", "\"num_key_value_heads\": 2, \"sliding_window\": null")))
                .isEqualTo(llamaLike(2, 12, false, false, 1e-6, List.of(0, 0, 0), false));
    }

    @Test
    void qwen2() {
        assertThat(read(llama("qwen2", "\"num_key_value_heads\": 2")))
                .isEqualTo(llamaLike(2, 12, true, false, 1e-6, List.of(0, 0, 0), false));
        assertThat(read(llama("qwen2", "\"hidden_size\": 768, \"num_attention_heads\": 64"))
                        .attention()
                        .keyHeads())
                .isEqualTo(32);
    }

    @Test
    void qwen3() {
        assertThat(read(llama("qwen3", "\"num_key_value_heads\": 2, \"head_dim\": 12")))
                .isEqualTo(llamaLike(2, 12, false, true, 1e-6, List.of(0, 0, 0), false));
        Architecture usual = read(llama("qwen3", "\"num_key_value_heads\": 1, \"attention_bias\": true"));
        assertThat(usual.attention().headWidth()).isEqualTo(128);
        assertThat(usual.attention().qkvBias() && usual.attention().outBias()).isTrue();
    }

    @Test
    void gemma2() {
        Rotary rotary = new Rotary(256, 10_000, new RotaryScaling.None());
        Attention attention =
                new Attention(4, 4, 256, 1 / 16.0, false, 50, false, false, false, QkvLayout.SEPARATE, rotary);
        Architecture expected = new Architecture(
                7,
                24,
                9000,
                new Embedding(24, Math.sqrt(24), false),
                attention,
                new Mlp(5, true, false, false, Activation.GELU_TANH),
                new Norm(true, 1e-6, true, 1),
                BlockOrder.SANDWICH,
                true,
                new Head(true, 30),
                false,
                List.of(4096, 0, 4096),
                0);
        // hidden_act is what older files have; it was never what is computed.
        assertThat(read(llama("gemma2", "\"num_attention_heads\": 4, \"hidden_act\": \"gelu\"")))
                .isEqualTo(expected);
        Architecture other = read(llama("gemma2", """
                "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 8, "query_pre_attn_scalar": 144,
                "attn_logit_softcapping": 20.5, "final_logit_softcapping": null, "attention_bias": true,
                "hidden_activation": "gelu", "use_bidirectional_attention": false"""));
        assertThat(other.attention().keyHeads()).isEqualTo(1);
        assertThat(other.attention().scale()).isEqualTo(1 / 12.0);
        assertThat(other.attention().softCap()).isEqualTo(20.5);
        assertThat(other.attention().qkvBias() && other.attention().outBias()).isTrue();
        assertThat(other.head().softCap()).isZero();
        assertThat(other.mlp().activation()).isEqualTo(Activation.GELU);
    }

    @Test
    void phi3() {
        Architecture found = read(llama("phi3", ""));
        Architecture like = llamaLike(2, 12, false, false, 1e-5, List.of(0, 0, 0), true);
        assertThat(found).isEqualTo(like);
        assertThat(read(llama("phi3", "\"num_key_value_heads\": 1, \"attention_bias\": false, \"sliding_window\": 5"))
                        .windows())
                .containsExactly(5, 5, 5);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "mistral | \"sliding_window\": 6                                                       | 6, 6, 6, 6",
                "mistral | \"sliding_window\": 6, \"layer_types\": [F, S, F, S]                          | 6, 6, 6, 6",
                "qwen2   | \"sliding_window\": 6, \"max_window_layers\": 2                               | 0, 0, 0, 0",
                "qwen2   | \"use_sliding_window\": true, \"sliding_window\": 6, \"max_window_layers\": 2 | 0, 0, 6, 6",
                "qwen2   | \"use_sliding_window\": true, \"sliding_window\": 6, \"max_window_layers\": 0 | 6, 6, 6, 6",
                "qwen2   | \"use_sliding_window\": true, \"max_window_layers\": 3                        | 0, 0, 0, 4096",
                "qwen2   | \"use_sliding_window\": true, \"sliding_window\": 6                           | 0, 0, 0, 0",
                "qwen2   | \"use_sliding_window\": true, \"sliding_window\": null, \"max_window_layers\": 0 | 0, 0, 0, 0",
                "qwen2   | \"use_sliding_window\": true, \"sliding_window\": 6, \"layer_types\": [S, F, F, S] | 6, 0, 0, 6",
                "qwen3   | \"use_sliding_window\": true, \"sliding_window\": 6, \"max_window_layers\": 1 | 0, 6, 6, 6",
                "gemma2  | \"sliding_window\": 6                                                       | 6, 0, 6, 0",
                "gemma2  | \"sliding_window\": null                                                    | 0, 0, 0, 0",
                "gemma2  | \"sliding_window\": 6, \"layer_types\": [F, F, S, F]                          | 0, 0, 6, 0",
                "phi3    | \"sliding_window\": 6                                                       | 6, 6, 6, 6",
                "llama   | \"rope_theta\": 5                                                           | 0, 0, 0, 0"
            })
    void windowsOfEveryLayer(String type, String keys, String expected) {
        String spelled =
                keys.replaceAll("\\bS\\b", "\"sliding_attention\"").replaceAll("\\bF\\b", "\"full_attention\"");
        List<Integer> windows = read(llama(
                        type, "\"num_hidden_layers\": 4, \"num_key_value_heads\": 2, \"head_dim\": 12, " + spelled))
                .windows();
        assertThat(windows.toString()).isEqualTo("[" + expected + "]");
    }

    @Test
    void headOfClassesIsRead() {
        String classes = "\"architectures\": [\"LlamaForSequenceClassification\"]";
        assertThat(read(llama("llama", classes)).labels()).isEqualTo(2);
        assertThat(read(llama("llama", classes + ", \"num_labels\": 5")).labels())
                .isEqualTo(5);
        assertThat(read(llama("llama", classes + ", \"id2label\": {\"0\": \"a\", \"1\": \"b\", \"2\": \"c\"}"))
                        .labels())
                .isEqualTo(3);
        assertThat(read(llama("llama", "\"architectures\": [\"LlamaForCausalLM\"], \"num_labels\": 5"))
                        .labels())
                .isZero();
    }

    /** Later keys win, so that a test can say what it changes. */
    static String llama(String type, String keys) {
        String json = "{\"model_type\": \"" + type + "\", " + LLAMA_SIZES + (keys.isEmpty() ? "" : ", " + keys) + "}";
        for (String key : List.of("num_attention_heads", "hidden_size", "num_hidden_layers")) {
            if (json.indexOf(key) != json.lastIndexOf(key)) {
                json = json.replaceFirst("\"" + key + "\": \\d+,", "");
            }
        }
        return json;
    }

    private static Architecture llamaLike(
            int keyHeads,
            int headWidth,
            boolean qkvBias,
            boolean headNorm,
            double epsilon,
            List<Integer> windows,
            boolean joined) {
        Attention attention = new Attention(
                2,
                keyHeads,
                headWidth,
                1 / Math.sqrt(headWidth),
                false,
                0,
                qkvBias,
                false,
                headNorm,
                joined ? QkvLayout.JOINED : QkvLayout.SEPARATE,
                PLAIN);
        return new Architecture(
                7,
                24,
                9000,
                new Embedding(24, 1, false),
                attention,
                new Mlp(5, true, joined, false, Activation.SILU),
                new Norm(true, epsilon, true, 0),
                BlockOrder.PRE,
                true,
                new Head(false, 0),
                false,
                windows,
                0);
    }

    private static Architecture read(String json) {
        return TinyConfigs.read(json).architecture();
    }
}
