package dev.chorus.model.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chorus.model.TinyConfigs;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Configs that are none, or ask for what is not built: one sentence each, with file, key and what is supported. */
class ConfigProblemTest {
    private static final String GPT2 =
            "\"model_type\": \"gpt2\", \"n_embd\": 24, \"n_layer\": 3, \"n_head\": 2, \"n_positions\": 9, \"vocab_size\": 7";

    @Test
    void unknownTypesAreAnsweredWithTheList() {
        String all = "gpt2, opt, gpt_neox, bloom, llama, mistral, qwen2, qwen3, gemma2, phi3";
        assertThat(Families.supported()).isEqualTo(List.of(all.split(", ", -1)));
        assertProblem("{\"model_type\": \"mamba\"}", "model_type 'mamba' is not supported; supported: " + all);
        assertProblem("{}", "model_type '' is not supported; supported: " + all);
        assertProblem("{\"model_type\": 3}", "model_type: expected a text, got 3");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "llama  | \"quantization_config\": {\"bits\": 4} | quantization_config is not supported: weights must be f32,"
                        + " f16 or bf16; save the model without quantization",
                "llama  | \"hidden_act\": \"xielu\" | hidden_act 'xielu' is not supported; supported: relu, gelu,"
                        + " gelu_python, gelu_new, gelu_pytorch_tanh, gelu_fast, gelu_python_tanh, silu, swish, quick_gelu",
                "gemma2 | \"head_dim\": 12, \"num_key_value_heads\": 2, \"hidden_activation\": \"xielu\" | hidden_activation 'xielu' is not supported; supported: relu,"
                        + " gelu, gelu_python, gelu_new, gelu_pytorch_tanh, gelu_fast, gelu_python_tanh, silu, swish,"
                        + " quick_gelu",
                "gemma2 | \"num_key_value_heads\": 2, \"use_bidirectional_attention\": true | use_bidirectional_attention 'true' is not supported;"
                        + " supported: false",
                "phi3   | \"attention_bias\": true | attention_bias 'true' is not supported; supported: false",
                "llama  | \"rope_interleaved\": true | rope_interleaved 'true' is not supported; supported: false",
                "llama  | \"rope_scaling\": {\"type\": \"yarn\", \"factor\": 4} | rope_scaling: rope_type 'yarn' is not"
                        + " supported; supported: default, linear, dynamic, llama3",
                "phi3   | \"rope_scaling\": {\"type\": \"longrope\", \"long_factor\": [1], \"short_factor\": [1]} |"
                        + " rope_scaling: rope_type 'longrope' is not supported; supported: default, linear, dynamic, llama3",
                "qwen2  | \"num_key_value_heads\": 2, \"rope_parameters\": {\"rope_type\": \"yarn\"} | rope_parameters: rope_type 'yarn' is not"
                        + " supported; supported: default, linear, dynamic, llama3",
                "llama  | \"rope_scaling\": {\"type\": \"linear\"} | rope_scaling: factor is missing",
                "llama  | \"rope_scaling\": {\"type\": \"linear\", \"factor\": 0} | rope_scaling: factor: expected a number"
                        + " above 0, got 0",
                "llama  | \"rope_scaling\": {\"type\": \"llama3\", \"factor\": 2, \"low_freq_factor\": 1} | rope_scaling:"
                        + " high_freq_factor is missing",
                "llama  | \"rope_scaling\": {\"type\": \"linear\", \"factor\": 2, \"mscale\": 1} | rope_scaling: the settings"
                        + " [mscale] are not supported for rope_type 'linear'",
                "llama  | \"rope_parameters\": {\"full_attention\": {}, \"sliding_attention\": {}} | rope_parameters: the"
                        + " settings [full_attention, sliding_attention] are not supported for rope_type 'default'",
                "llama  | \"rope_scaling\": 2 | rope_scaling: expected an object, got 2",
                "llama  | \"rope_theta\": -1 | rope_theta: expected a number above 0, got -1",
                "llama  | \"partial_rotary_factor\": 1e10 | rotary positions turn pairs of 2147483647 of a head's 12 channels;"
                        + " they do not fit",
                "llama  | \"head_dim\": 5 | rotary positions turn pairs of 5 of a head's 5 channels; they do not fit",
                "phi3   | \"partial_rotary_factor\": 0.01 | rotary positions turn pairs of 0 of a head's 12 channels; they"
                        + " do not fit",
                "llama  | \"num_attention_heads\": 5 | the width 24 is not a multiple of the 5 heads",
                "llama  | \"num_attention_heads\": 4, \"num_key_value_heads\": 3 | num_attention_heads 4 is not a multiple of"
                        + " num_key_value_heads 3",
                "llama  | \"num_key_value_heads\": \"2\" | num_key_value_heads: expected a whole number, got \"2\"",
                "llama  | \"num_key_value_heads\": 1.5 | num_key_value_heads: expected a whole number, got 1.5",
                "llama  | \"num_key_value_heads\": 0 | num_key_value_heads: expected a whole number above 0, got 0",
                "llama  | \"attention_bias\": \"yes\" | attention_bias: expected true or false, got \"yes\"",
                "llama  | \"rms_norm_eps\": \"1e-6\" | rms_norm_eps: expected a number, got \"1e-6\"",
                "llama  | \"rms_norm_eps\": 1e999 | rms_norm_eps: expected a number, got \"Infinity\"",
                "gemma2 | \"num_key_value_heads\": 2, \"attn_logit_softcapping\": 0 | attn_logit_softcapping: expected a number above 0, got 0",
                "llama  | \"hidden_act\": 1 | hidden_act: expected a text, got 1",
                "qwen2  | \"num_key_value_heads\": 2, \"layer_types\": \"full_attention\" | layer_types: expected a list of"
                        + " texts, got \"full_attention\"",
                "qwen2  | \"num_key_value_heads\": 2, \"layer_types\": [\"full_attention\"] | layer_types names 1 layers, the"
                        + " model has 3",
                "qwen2  | \"num_key_value_heads\": 2, \"layer_types\": [\"full_attention\", \"linear_attention\","
                        + " \"full_attention\"] | layer_types 'linear_attention' is not supported; supported:"
                        + " full_attention, sliding_attention",
                "qwen2  | \"num_key_value_heads\": 2, \"layer_types\": [\"full_attention\", \"full_attention\","
                        + " \"sliding_attention\"] | layer_types asks for a sliding window, sliding_window is not set"
            })
    void whatIsNotBuiltIsRefused(String type, String keys, String message) {
        assertProblem(ModelConfigTest.llama(type, keys), message);
    }

    @Test
    void gpt2WithCrossAttentionIsRefused() {
        assertProblem(
                "{" + GPT2 + ", \"add_cross_attention\": true}",
                "add_cross_attention 'true' is not supported; supported: false");
    }

    @ParameterizedTest
    @CsvSource({
        "gpt2, n_embd n_layer n_head n_positions vocab_size",
        "llama, hidden_size num_hidden_layers num_attention_heads intermediate_size vocab_size max_position_embeddings"
    })
    void sizesMustBeThere(String type, String keys) {
        String whole = type.equals("gpt2") ? "{" + GPT2 + "}" : ModelConfigTest.llama(type, "");
        for (String key : keys.split(" ", -1)) {
            assertProblem(
                    whole.replaceFirst("\"" + key + "\"", "\"another_key\""),
                    key + " is missing; expected a whole number above 0");
            assertProblem(
                    whole.replaceFirst("\"" + key + "\": \\d+", "\"" + key + "\": null"),
                    key + ": expected a whole number above 0, got null");
            assertProblem(
                    whole.replaceFirst("\"" + key + "\": \\d+", "\"" + key + "\": -3"),
                    key + ": expected a whole number above 0, got -3");
        }
    }

    @Test
    void filesThatAreNoConfig(@TempDir Path folder) {
        assertThatExceptionOfType(ConfigProblem.class)
                .isThrownBy(() -> ModelConfig.read(folder))
                .withMessage(folder.resolve("config.json") + ": no such file; a model folder has a config.json");
        assertProblem("[]", "expected a JSON object");
        assertThatExceptionOfType(ConfigProblem.class)
                .isThrownBy(() -> TinyConfigs.read("{\"vocab_size\": }"))
                .withMessageContaining("config.json: is not JSON: ");
        assertThatExceptionOfType(ConfigProblem.class)
                .isThrownBy(() -> TinyConfigs.read("{\"vocab_size\": 1, \"vocab_size\": 2}"))
                .withMessageContaining("Duplicate field 'vocab_size'");
        assertThatExceptionOfType(ConfigProblem.class).isThrownBy(() -> TinyConfigs.read("{} {}"));
    }

    /** What neither the families nor the list of harmless keys knows. */
    @Test
    void unreadKeysAreNamed() {
        String keys =
                "\"use_cache\": true, \"torch_dtype\": \"float16\", \"architectures\": [], \"zebra\": 1, \"moe\": null";
        assertThat(TinyConfigs.read(ModelConfigTest.llama("llama", keys)).unread())
                .containsExactly("moe", "zebra");
        assertThat(TinyConfigs.read(ModelConfigTest.llama("llama", "\"max_window_layers\": 3"))
                        .unread())
                .containsExactly("max_window_layers");
        // A key that changes nothing here was still understood.
        String opt350m =
                "{\"model_type\": \"opt\", \"hidden_size\": 8, \"num_hidden_layers\": 1, \"num_attention_heads\": 2,"
                        + " \"ffn_dim\": 9, \"max_position_embeddings\": 9, \"vocab_size\": 7, \"do_layer_norm_before\": false,"
                        + " \"_remove_final_layer_norm\": false}";
        assertThat(TinyConfigs.read(opt350m).unread()).isEmpty();
        for (TinyConfigs each : TinyConfigs.values()) {
            assertThat(each.config().unread()).as(each.name()).isEmpty();
        }
    }

    /** After the file's name, which is that of a folder that is gone. */
    private static void assertProblem(String json, String message) {
        assertThatExceptionOfType(ConfigProblem.class)
                .as(json)
                .isThrownBy(() -> TinyConfigs.read(json))
                .satisfies(problem -> assertThat(problem.getMessage().replaceFirst("^.*?config\\.json: ", ""))
                        .isEqualTo(message));
    }
}
