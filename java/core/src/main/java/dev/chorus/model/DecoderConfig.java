package dev.chorus.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.model.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A decoder's shape, read from and written to a Hugging Face {@code config.json} of model type {@code gpt2}: learned
 * positions, layer norm before attention and MLP, biases everywhere, tied head.
 *
 * @param vocabSize V
 * @param width     C ({@code n_embd}), a multiple of the heads
 * @param inner     channels inside the MLP ({@code n_inner})
 * @param layers    blocks ({@code n_layer})
 * @param heads     attention heads ({@code n_head})
 * @param positions longest sequence in tokens ({@code n_positions})
 * @param epsilon   added to the variance in layer norm ({@code layer_norm_epsilon})
 * @param labels    classes of the classification head ({@code num_labels}), 0 for a language model
 */
public record DecoderConfig(
        int vocabSize, int width, int inner, int layers, int heads, int positions, double epsilon, int labels) {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ACTIVATION = "gelu_new";

    /** Refuses sizes that no decoder can have; the message names the key. */
    public DecoderConfig {
        positive("vocab_size", vocabSize);
        positive("n_embd", width);
        positive("n_inner", inner);
        positive("n_layer", layers);
        positive("n_head", heads);
        positive("n_positions", positions);
        if (!(epsilon > 0) || Double.isInfinite(epsilon)) {
            throw new IllegalArgumentException("layer_norm_epsilon: expected above 0 and finite, got " + epsilon);
        }
        if (width % heads != 0) {
            throw new IllegalArgumentException("n_embd " + width + " is not a multiple of n_head " + heads);
        }
        if (labels < 0) {
            throw new IllegalArgumentException("num_labels: expected 0 or more, got " + labels);
        }
    }

    /** A language model with an MLP of four times its width and the usual epsilon. */
    public static DecoderConfig of(int vocabSize, int width, int layers, int heads, int positions) {
        return new DecoderConfig(vocabSize, width, 4 * width, layers, heads, positions, 1e-5, 0);
    }

    /** Channels of one head. */
    public int headWidth() {
        return width / heads;
    }

    /** The same decoder with a classification head of this many classes, or with none (0). */
    public DecoderConfig withLabels(int count) {
        return new DecoderConfig(vocabSize, width, inner, layers, heads, positions, epsilon, count);
    }

    /** Writes {@code config.json} so that transformers builds the same model from it. */
    public void write(Path file, int padId, int eosId) throws IOException {
        ObjectNode node = JSON.createObjectNode();
        node.putArray("architectures").add(labels > 0 ? "GPT2ForSequenceClassification" : "GPT2LMHeadModel");
        node.put("model_type", "gpt2");
        node.put("vocab_size", vocabSize);
        node.put("n_embd", width);
        node.put("n_inner", inner);
        node.put("n_layer", layers);
        node.put("n_head", heads);
        node.put("n_positions", positions);
        node.put("activation_function", ACTIVATION);
        node.put("layer_norm_epsilon", epsilon);
        node.put("embd_pdrop", 0.0);
        node.put("attn_pdrop", 0.0);
        node.put("resid_pdrop", 0.0);
        node.put("tie_word_embeddings", true);
        if (labels > 0) {
            ObjectNode names = node.putObject("id2label");
            for (int i = 0; i < labels; i++) {
                names.put(Integer.toString(i), "LABEL_" + i);
            }
        }
        node.put("pad_token_id", padId);
        node.put("bos_token_id", eosId);
        node.put("eos_token_id", eosId);
        node.put("torch_dtype", "float32");
        Files.writeString(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(node) + "\n");
    }

    /**
     * Reads {@code config.json}.
     *
     * @throws CheckpointException if it is no config of this family, or asks for something that is not built; names the key
     */
    public static DecoderConfig read(Path file) {
        JsonNode node;
        try {
            node = JSON.readTree(Files.readString(file));
        } catch (IOException e) {
            throw new CheckpointException(file, "cannot be read as JSON: " + e.getMessage(), e);
        }
        require(file, node, "model_type", "gpt2");
        require(file, node, "activation_function", ACTIVATION);
        require(file, node, "tie_word_embeddings", "true");
        require(file, node, "scale_attn_weights", "true");
        require(file, node, "scale_attn_by_inverse_layer_idx", "false");
        if (node.hasNonNull("layer_norm_epsilon")
                && !node.get("layer_norm_epsilon").isNumber()) {
            throw new CheckpointException(
                    file, "layer_norm_epsilon: expected a number, got " + node.get("layer_norm_epsilon"));
        }
        int width = integer(file, node, "n_embd");
        try {
            return new DecoderConfig(
                    integer(file, node, "vocab_size"),
                    width,
                    node.hasNonNull("n_inner") ? integer(file, node, "n_inner") : 4 * width,
                    integer(file, node, "n_layer"),
                    integer(file, node, "n_head"),
                    integer(file, node, "n_positions"),
                    node.path("layer_norm_epsilon").asDouble(1e-5),
                    node.path("id2label").size());
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(file, e.getMessage(), e);
        }
    }

    private static int integer(Path file, JsonNode node, String key) {
        // canConvertToInt alone takes 2.5 for 2.
        if (!node.path(key).isIntegralNumber() || !node.path(key).canConvertToInt()) {
            throw new CheckpointException(file, key + ": expected a whole number, got " + node.path(key));
        }
        return node.get(key).asInt();
    }

    private static void require(Path file, JsonNode node, String key, String supported) {
        String found = node.path(key).asText(supported);
        if (!found.equals(supported)) {
            throw new CheckpointException(file, key + " '" + found + "' is not supported; supported: " + supported);
        }
    }

    private static void positive(String key, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(key + ": expected 1 or more, got " + value);
        }
    }
}
