package dev.chorus.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.model.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DecoderConfigTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"0", "1", "18"})
    void readsWhatItWrote(int labels) throws IOException {
        DecoderConfig config = new DecoderConfig(900, 64, 200, 3, 4, 96, 1e-6, labels);
        Path file = folder.resolve("config.json");
        config.write(file, 0, 1);
        assertThat(DecoderConfig.read(file)).isEqualTo(config);
    }

    @Test
    void innerIsFourTimesTheWidthUnlessSaid() throws IOException {
        ObjectNode node = valid();
        node.putNull("n_inner");
        assertThat(DecoderConfig.read(write(node))).isEqualTo(DecoderConfig.of(11, 8, 2, 2, 16));
        node.remove("n_inner");
        assertThat(DecoderConfig.read(write(node)).inner()).isEqualTo(32);
        node.put("n_inner", 20);
        assertThat(DecoderConfig.read(write(node)).inner()).isEqualTo(20);
    }

    @ParameterizedTest
    @CsvSource({
        "model_type, '\"llama\"', llama",
        "activation_function, '\"relu\"', relu",
        "tie_word_embeddings, false, false",
        "scale_attn_weights, false, false",
        "scale_attn_by_inverse_layer_idx, true, true",
        "n_embd, '\"8\"', whole number",
        "n_embd, 0, expected 1 or more",
        "n_embd, 9, not a multiple of n_head 2",
        "n_layer, 2.5, whole number",
        "n_layer, null, whole number",
        "n_head, -1, expected 1 or more",
        "n_positions, 4294967296, whole number",
        "vocab_size, [], whole number",
        "layer_norm_epsilon, '\"tiny\"', number",
        "layer_norm_epsilon, -1, above 0",
        "n_inner, 0, expected 1 or more"
    })
    void refusesByKey(String key, String value, String message) throws IOException {
        ObjectNode node = valid();
        DecoderConfig.read(write(node));
        node.set(key, JSON.readTree(value));
        Path file = write(node);
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> DecoderConfig.read(file))
                .withMessageContaining("config.json")
                .withMessageContaining(key)
                .withMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource({"vocab_size", "n_embd", "n_layer", "n_head", "n_positions"})
    void refusesAMissingKey(String key) throws IOException {
        ObjectNode node = valid();
        node.remove(key);
        Path file = write(node);
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> DecoderConfig.read(file))
                .withMessageContaining(key);
    }

    @Test
    void refusesWhatIsNoJson() throws IOException {
        Path file = Files.writeString(folder.resolve("config.json"), "{\"model_type\": ");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> DecoderConfig.read(file))
                .withMessageContaining("config.json");
        assertThatExceptionOfType(CheckpointException.class)
                .isThrownBy(() -> DecoderConfig.read(folder.resolve("absent.json")))
                .withMessageContaining("absent.json");
    }

    @Test
    void refusesImpossibleSizes() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DecoderConfig.of(10, 8, 1, 3, 4))
                .withMessage("n_embd 8 is not a multiple of n_head 3");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DecoderConfig.of(10, 8, 1, 2, 4).withLabels(-1))
                .withMessageContaining("num_labels");
    }

    private static ObjectNode valid() {
        ObjectNode node = JSON.createObjectNode();
        node.put("model_type", "gpt2");
        node.put("vocab_size", 11);
        node.put("n_embd", 8);
        node.put("n_layer", 2);
        node.put("n_head", 2);
        node.put("n_positions", 16);
        return node;
    }

    private Path write(ObjectNode node) throws IOException {
        return Files.writeString(folder.resolve("config.json"), node.toString());
    }
}
