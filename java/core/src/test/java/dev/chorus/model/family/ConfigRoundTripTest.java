package dev.chorus.model.family;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.model.TinyConfigs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A config that is written says what the one that was read said. */
class ConfigRoundTripTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource
    void writtenAndReadTheSame(TinyConfigs tiny) throws IOException {
        tiny.config().write(folder, "float32");
        ModelConfig again = ModelConfig.read(folder);
        assertThat(again.architecture()).isEqualTo(tiny.config().architecture());
        assertThat(again.family()).isSameAs(tiny.config().family());
        assertThat(folder.resolve("generation_config.json")).doesNotExist();
        tiny.config().withLabels(4).write(folder, "float32");
        assertThat(ModelConfig.read(folder).architecture())
                .isEqualTo(tiny.config().architecture().withLabels(4));
    }

    @Test
    void keepsEveryKeyAndTellsTheDtype() throws IOException {
        String generation = "{ \"eos_token_id\": [3, 4],\n \"temperature\": 0.6 }";
        String json = ModelConfigTest.llama("llama", "\"dtype\": \"float16\", \"zebra\": [1, {\"a\": null}]");
        TinyConfigs.read(json, "generation_config.json", generation).write(folder, "bfloat16");
        ObjectNode expected = object(json);
        expected.remove("dtype");
        expected.put("torch_dtype", "bfloat16");
        assertThat(object(Files.readString(folder.resolve("config.json")))).isEqualTo(expected);
        assertThat(folder.resolve("generation_config.json")).hasContent(generation);
        assertThat(ModelConfig.read(folder).tokenIds("eos_token_id")).containsExactly(3, 4);
    }

    @Test
    void tokenIdsOfTheGenerationConfigGoFirst() {
        String json = ModelConfigTest.llama(
                "llama", "\"eos_token_id\": 1, \"bos_token_id\": 5, \"pad_token_id\": null, \"sep_token_id\": [6, 7]");
        ModelConfig config = TinyConfigs.read(json, "generation_config.json", "{\"eos_token_id\": 2}");
        assertThat(config.tokenIds("eos_token_id")).containsExactly(2);
        assertThat(config.tokenIds("bos_token_id")).containsExactly(5);
        assertThat(config.tokenIds("pad_token_id")).isEmpty();
        assertThat(config.tokenIds("sep_token_id")).containsExactly(6, 7);
        assertThat(config.tokenIds("unk_token_id")).isEmpty();
        assertThat(TinyConfigs.read(json, "generation_config.json", "{\"eos_token_id\": null}")
                        .tokenIds("eos_token_id"))
                .containsExactly(1);
        assertThat(TinyConfigs.read(json).with("eos_token_id", 9).tokenIds("eos_token_id"))
                .containsExactly(9);
    }

    @Test
    void classesComeAndGo() throws IOException {
        ModelConfig classifier = TinyConfigs.QWEN2.config().withLabels(3);
        classifier.write(folder, "float32");
        ObjectNode written = object(Files.readString(folder.resolve("config.json")));
        assertThat(written.get("architectures").get(0).asText()).isEqualTo("Qwen2ForSequenceClassification");
        assertThat(written.get("id2label").get("2").asText()).isEqualTo("LABEL_2");
        assertThat(written.get("label2id").get("LABEL_2").asInt()).isEqualTo(2);
        assertThat(classifier.architecture().labels()).isEqualTo(3);
        ModelConfig back = classifier.withLabels(0);
        assertThat(back.architecture()).isEqualTo(TinyConfigs.QWEN2.config().architecture());
        back.write(folder, "float32");
        written = object(Files.readString(folder.resolve("config.json")));
        assertThat(written.get("architectures").get(0).asText()).isEqualTo("Qwen2ForCausalLM");
        assertThat(written.has("id2label") || written.has("label2id")).isFalse();
    }

    private static ObjectNode object(String json) throws IOException {
        return (ObjectNode) new ObjectMapper().readTree(json);
    }
}
