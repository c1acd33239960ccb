package dev.chorus.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokenizers of whole folders against transformers: see fixtures/README.md. */
class TokenizerFolderTest {
    private static final Path FIXTURES = Path.of("src/test/resources/fixtures");
    private static final Path GOLDEN = Path.of("src/test/resources/dev/chorus/text/transformers-ids.json");
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "opt", "gpt_neox", "bloom", "llama", "mistral", "qwen2"})
    void fixturesHaveTheirIds(String family) throws IOException {
        Path fixture = FIXTURES.resolve(family);
        JsonNode expected = JSON.readTree(fixture.resolve("expected.json").toFile());
        try (Tokenizer tokenizer = Tokenizer.load(fixture)) {
            for (int i = 0; i < expected.get("texts").size(); i++) {
                int[] ids = tokenizer.encodeWithSpecials(
                        expected.get("texts").get(i).asText());
                assertThat(ids).containsExactly(ints(expected.get("input_ids").get(i)));
                assertThat(tokenizer.decode(ids))
                        .isEqualTo(expected.get("decoded").get(i).asText());
            }
            assertThat(tokenizer.vocabSize()).isEqualTo(640);
            assertThat(tokenizer.hasChatTemplate()).isFalse();
        }
    }

    static Stream<Case> cases() throws IOException {
        JsonNode golden = JSON.readTree(GOLDEN.toFile());
        List<String> texts = new ArrayList<>();
        golden.get("texts").forEach(text -> texts.add(text.asText()));
        return IntStream.range(0, golden.get("cases").size())
                .mapToObj(i -> new Case(i, texts, golden.get("cases").get(i)));
    }

    record Case(int number, List<String> texts, JsonNode node) {
        /** The folder that transformers saw, without the weights. */
        void write(Path folder) throws IOException {
            Path base = FIXTURES.resolve(node.get("base").asText());
            ObjectNode tokenizer =
                    (ObjectNode) JSON.readTree(base.resolve("tokenizer.json").toFile());
            tokenizer.setAll((ObjectNode) node.get("edit"));
            JSON.writeValue(folder.resolve("tokenizer.json").toFile(), tokenizer);
            Files.writeString(
                    folder.resolve("config.json"),
                    "{\"model_type\": \"" + node.get("model_type").asText() + "\"}");
            if (node.get("config").isObject()) {
                JSON.writeValue(folder.resolve("tokenizer_config.json").toFile(), node.get("config"));
            }
            for (Map.Entry<String, JsonNode> file : node.get("files").properties()) {
                JSON.writeValue(folder.resolve(file.getKey()).toFile(), file.getValue());
            }
        }

        @Override
        public String toString() {
            return number + " " + node.get("base").asText() + " as "
                    + node.get("cls").asText();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void idsAreThoseOfTransformers(Case golden) throws IOException {
        golden.write(folder);
        JsonNode node = golden.node();
        SoftAssertions soft = new SoftAssertions();
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            soft.assertThat(tokenizer.className()).isEqualTo(node.get("cls").asText());
            soft.assertThat(tokenizer.vocabSize()).isEqualTo(node.get("vocab").asInt());
            for (int i = 0; i < golden.texts().size(); i++) {
                String text = golden.texts().get(i);
                int[] ids = tokenizer.encodeWithSpecials(text);
                soft.assertThat(ids)
                        .as(text)
                        .containsExactly(ints(node.get("ids").get(i)));
                soft.assertThat(tokenizer.encode(text))
                        .as(text)
                        .containsExactly(ints(node.get("plain").get(i)));
                soft.assertThat(tokenizer.decode(ints(node.get("ids").get(i))))
                        .as(text)
                        .isEqualTo(node.get("decoded").get(i).asText());
                soft.assertThat(tokenizer.encodeWithSpecialsAndSpans(text).ids())
                        .as(text)
                        .containsExactly(ids);
            }
            Map<String, String> special = new TreeMap<>();
            node.get("special")
                    .properties()
                    .forEach(entry ->
                            special.put(entry.getKey(), entry.getValue().get(0).asText()));
            soft.assertThat(tokenizer.specialTokens()).isEqualTo(special);
            soft.assertThat(tokenizer.padId().orElse(-1)).isEqualTo(id(node, "pad"));
            soft.assertThat(tokenizer.bosId().orElse(-1)).isEqualTo(id(node, "bos"));
            soft.assertThat(tokenizer.eosId().orElse(-1)).isEqualTo(id(node, "eos"));
            soft.assertThat(tokenizer.unkId().orElse(-1)).isEqualTo(id(node, "unk"));
            soft.assertThat(tokenizer.sepId().orElse(-1)).isEqualTo(id(node, "sep"));
        }
        soft.assertAll();
    }

    @Test
    void aMissingSpecialTokenIsNamedWhenItIsNeeded() throws IOException {
        try (Tokenizer tokenizer = Tokenizer.load(FIXTURES.resolve("gpt2"))) {
            assertThat(tokenizer.eos()).isZero();
            assertThat(tokenizer.sepId()).isEmpty();
            assertThatIllegalStateException()
                    .isThrownBy(tokenizer::sep)
                    .withMessageContaining(FIXTURES.resolve("gpt2/tokenizer.json") + ": ")
                    .withMessageContaining("sep_token in tokenizer_config.json");
        }
    }

    @Test
    void aClassThatWeDoNotKnowIsRefused() throws IOException {
        copy("llama");
        refused("{\"tokenizer_class\": \"T5Tokenizer\"}", "tokenizer_class: T5Tokenizer is not supported");
        refused("{\"tokenizer_class\": \"GPT2Tokenizer\"}", "does not fit tokenizer_class GPT2Tokenizer");
        refused("{\"split_special_tokens\": true}", "split_special_tokens");
        refused("{\"fix_mistral_regex\": true}", "fix_mistral_regex");
        refused("[]", "not a JSON object");
        refused("{", "not JSON");
    }

    @Test
    void aFolderWithoutTokenizerJsonIsNamedWithTheCure() throws IOException {
        Files.writeString(folder.resolve("vocab.json"), "{}");
        assertThatExceptionOfType(TokenizerException.class)
                .isThrownBy(() -> Tokenizer.load(folder))
                .withMessageContaining(folder.resolve("tokenizer.json") + ": no such file")
                .withMessageContaining("save_pretrained");
    }

    @Test
    void everyFileSurvivesASave() throws IOException {
        Path from = Files.createDirectory(folder.resolve("from"));
        Path to = Files.createDirectory(folder.resolve("to"));
        Map<String, String> files = new TreeMap<>();
        files.put("tokenizer.json", Files.readString(FIXTURES.resolve("gpt2/tokenizer.json")));
        files.put("tokenizer_config.json", "{\"tokenizer_class\":  \"GPT2Tokenizer\", \"mine\": 1}\n");
        files.put("special_tokens_map.json", "{ \"eos_token\": {\"content\": \"<|endoftext|>\"} }");
        files.put("chat_template.jinja", "{{ messages }}");
        files.put("added_tokens.json", "{ }");
        files.put("vocab.json", "{ \"a\": 0 }");
        files.put("merges.txt", "#version: 0.2\n");
        files.put("tokenizer.model", "\u0000\u0001");
        for (Map.Entry<String, String> file : files.entrySet()) {
            Files.writeString(from.resolve(file.getKey()), file.getValue());
        }
        Files.writeString(from.resolve("README.md"), "not the tokenizer's");
        try (Tokenizer tokenizer = Tokenizer.load(from)) {
            assertThat(tokenizer.hasChatTemplate()).isTrue();
            assertThat(tokenizer.eos()).isZero();
            for (String name : files.keySet()) {
                Files.delete(from.resolve(name));
            }
            tokenizer.save(to, 16);
        }
        try (Stream<Path> saved = Files.list(to)) {
            assertThat(saved.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(files.keySet());
        }
        for (Map.Entry<String, String> file : files.entrySet()) {
            assertThat(to.resolve(file.getKey()))
                    .hasBinaryContent(file.getValue().getBytes(StandardCharsets.UTF_8));
        }
    }

    @Test
    void aBuiltInTokenizerIsTheSameAfterASave() throws IOException {
        try (Tokenizer builtIn = BuiltInTokenizers.open("unigram-1200")) {
            builtIn.save(folder, 16);
            try (Tokenizer loaded = Tokenizer.load(folder)) {
                assertThat(loaded.specialTokens())
                        .isEqualTo(builtIn.specialTokens())
                        .containsOnlyKeys("pad", "eos", "sep");
                assertThat(loaded.vocabSize()).isEqualTo(builtIn.vocabSize()).isEqualTo(1200);
                assertThat(loaded.json()).isEqualTo(builtIn.json());
                assertThat(loaded.encode("wake me up")).containsExactly(builtIn.encode("wake me up"));
            }
        }
    }

    private void copy(String family) throws IOException {
        Files.write(folder.resolve("tokenizer.json"), Files.readAllBytes(FIXTURES.resolve(family + "/tokenizer.json")));
    }

    private void refused(String config, String problem) throws IOException {
        Files.writeString(folder.resolve("tokenizer_config.json"), config);
        assertThatExceptionOfType(TokenizerException.class)
                .isThrownBy(() -> Tokenizer.load(folder))
                .withMessageContaining("json: ")
                .withMessageContaining(problem);
    }

    private static int id(JsonNode node, String role) {
        return node.get("special").has(role)
                ? node.get("special").get(role).get(1).asInt()
                : -1;
    }

    private static int[] ints(JsonNode array) {
        return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
    }
}
