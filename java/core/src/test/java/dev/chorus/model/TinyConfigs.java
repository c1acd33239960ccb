package dev.chorus.model;

import dev.chorus.model.family.ModelConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Small configs that between them take every way through the blocks, for tests. Vocabulary {@link #VOCABULARY}. */
public enum TinyConfigs {
    GPT2("""
            {"model_type": "gpt2", "n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 64,
             "scale_attn_by_inverse_layer_idx": true, %s}"""),
    OPT("""
            {"model_type": "opt", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "ffn_dim": 24,
             "max_position_embeddings": 64, %s}"""),
    /** As OPT-350m: norms last, a narrow embedding between projections. */
    OPT_POST_NORM("""
            {"model_type": "opt", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "ffn_dim": 24,
             "max_position_embeddings": 64, "do_layer_norm_before": false, "word_embed_proj_dim": 8, %s}"""),
    /** A quarter of twelve channels is three: an odd number turns one channel more. */
    GPT_NEOX("""
            {"model_type": "gpt_neox", "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2,
             "intermediate_size": 32, "max_position_embeddings": 64, %s}"""),
    GPT_NEOX_SEQUENTIAL("""
            {"model_type": "gpt_neox", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
             "intermediate_size": 32, "max_position_embeddings": 64, "use_parallel_residual": false, "rotary_pct": 1, %s}"""),
    /** Three heads: ALiBi's slopes for a number that is no power of two. */
    BLOOM("""
            {"model_type": "bloom", "hidden_size": 24, "n_layer": 2, "n_head": 3, %s}"""),
    BLOOM_NORMED_RESIDUAL("""
            {"model_type": "bloom", "hidden_size": 16, "n_layer": 2, "n_head": 2,
             "apply_residual_connection_post_layernorm": true, %s}"""),
    LLAMA("""
            {"model_type": "llama", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4,
             "num_key_value_heads": 2, "intermediate_size": 24, "max_position_embeddings": 64, "attention_bias": true,
             "rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4,
             "original_max_position_embeddings": 32}, %s}"""),
    /** The base grows beyond twelve tokens. */
    LLAMA_DYNAMIC("""
            {"model_type": "llama", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
             "intermediate_size": 24, "max_position_embeddings": 12, "rope_scaling": {"type": "dynamic", "factor": 3},
             %s}"""),
    MISTRAL("""
            {"model_type": "mistral", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4,
             "num_key_value_heads": 1, "intermediate_size": 24, "max_position_embeddings": 64, "sliding_window": 5, %s}"""),
    QWEN2("""
            {"model_type": "qwen2", "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 4,
             "num_key_value_heads": 2, "intermediate_size": 24, "max_position_embeddings": 64,
             "use_sliding_window": true, "sliding_window": 7, "max_window_layers": 2, %s}"""),
    QWEN3("""
            {"model_type": "qwen3", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4,
             "num_key_value_heads": 2, "head_dim": 6, "intermediate_size": 24, "max_position_embeddings": 64, %s}"""),
    GEMMA2("""
            {"model_type": "gemma2", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4,
             "num_key_value_heads": 2, "head_dim": 8, "intermediate_size": 24, "max_position_embeddings": 64,
             "query_pre_attn_scalar": 8, "attn_logit_softcapping": 3.0, "final_logit_softcapping": 5.0,
             "sliding_window": 6, %s}"""),
    PHI3("""
            {"model_type": "phi3", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
             "intermediate_size": 24, "max_position_embeddings": 64, "partial_rotary_factor": 0.5, "sliding_window": 9,
             %s}""");

    /** Tokens that all of them know. */
    public static final int VOCABULARY = 23;

    @SuppressWarnings("ImmutableEnumChecker") // ModelConfig is immutable, without saying so
    private final ModelConfig config;

    TinyConfigs(String json) {
        config = read(json.formatted("\"vocab_size\": " + VOCABULARY));
    }

    /** The config. */
    public ModelConfig config() {
        return config;
    }

    /** Whether a token's keys depend on how long its text will be, so that they cannot be read piece by piece. */
    public boolean dependsOnLength() {
        return this == LLAMA_DYNAMIC;
    }

    /**
     * Reads a config from its text.
     *
     * @param beside names and texts of other files in the folder, in turn
     */
    public static ModelConfig read(String json, String... beside) {
        try {
            Path folder = Files.createTempDirectory("config");
            try {
                Files.writeString(folder.resolve("config.json"), json);
                for (int i = 0; i < beside.length; i += 2) {
                    Files.writeString(folder.resolve(beside[i]), beside[i + 1]);
                }
                return ModelConfig.read(folder);
            } finally {
                try (Stream<Path> files = Files.list(folder)) {
                    for (Path file : files.toList()) {
                        Files.delete(file);
                    }
                }
                Files.delete(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
