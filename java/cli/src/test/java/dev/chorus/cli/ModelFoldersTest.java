package dev.chorus.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands on folders with the faults that people's folders have: the right numbers, or one message and no trace. */
class ModelFoldersTest {
    private static final Path RESOURCES = Path.of("../core/src/test/resources");
    private static final Path GPT2 = RESOURCES.resolve("fixtures/gpt2");
    private static final Path LLAMA = RESOURCES.resolve("fixtures/llama");
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    private record Called(int status, String out, String err) {}

    /** The numbers are those of transformers 5.18, four decimals of them. */
    @ParameterizedTest
    @CsvSource({
        "tied_head_differs, fixtures/qwen2, -20.7633, -33.1613",
        "gemma2_tokenizer_class, cases/gemma2_tokenizer_class, -28.2134, -48.4540"
    })
    void scoresAreThoseOfTransformers(String name, String tokenizer, double first, double second) throws IOException {
        Path model = copy(RESOURCES.resolve("cases").resolve(name));
        if (!Files.exists(model.resolve("tokenizer.json"))) {
            Files.copy(RESOURCES.resolve(tokenizer).resolve("tokenizer.json"), model.resolve("tokenizer.json"));
        }
        Path out = folder.resolve("out");
        Called called = chorus("score", "--model", model, "--data", model.resolve("d.jsonl"), "--out", out);
        assertThat(called.status()).as(called.err()).isZero();
        assertThat(lines(out).get(0).get("logprob").asDouble()).isCloseTo(first, within(1e-4));
        assertThat(lines(out).get(1).get("logprob").asDouble()).isCloseTo(second, within(1e-4));
    }

    @Test
    void asManyLinesAsAskedForAndTheBestOfThemFirst() throws IOException {
        Path model = copy(RESOURCES.resolve("cases/beams_limit"));
        Files.copy(LLAMA.resolve("tokenizer.json"), model.resolve("tokenizer.json"));
        Path out = folder.resolve("out");
        Called called = chorus(
                "generate",
                "--model",
                model,
                "--data",
                model.resolve("d.jsonl"),
                "--out",
                out,
                "--max-new-tokens",
                "6",
                "--beams",
                "4",
                "--n-best",
                "4");
        assertThat(called.status()).as(called.err()).isZero();
        List<JsonNode> lines = lines(out);
        assertThat(lines).hasSize(8);
        assertThat(lines.get(0).get("completion").asText()).isEqualTo(" a is y is y ");
        assertThat(lines.get(0).get("logprob").asDouble() / 6).isCloseTo(-3.849, within(5e-4));
    }

    @Test
    void aLineThatIsLeftOutChangesNoSample() throws IOException {
        Path all =
                data("{\"prompt\":\"play some\"}", "{\"prompt\":\"wake me up at\"}", "{\"prompt\":\"set an alarm\"}");
        Path some = folder.resolve("some");
        Files.write(
                some, List.of("{\"prompt\":\"\"}", "{\"prompt\":\"wake me up at\"}", "{\"prompt\":\"set an alarm\"}"));
        List<List<JsonNode>> found = new ArrayList<>();
        for (Path data : List.of(all, some)) {
            Path out = folder.resolve("out-" + data.getFileName());
            Called called = chorus(
                    "generate",
                    "--model",
                    GPT2,
                    "--data",
                    data,
                    "--out",
                    out,
                    "--max-new-tokens",
                    "6",
                    "--temperature",
                    "1",
                    "--seed",
                    "1",
                    "--skip-bad");
            assertThat(called.status()).as(called.err()).isZero();
            found.add(lines(out));
        }
        for (int line = 1; line <= 2; line++) {
            assertThat(found.get(1).get(line - 1).get("completion"))
                    .isEqualTo(found.get(0).get(line).get("completion"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"score", "generate"})
    void damagedWeightsAreNamedAndLeaveNoTrace(String command) throws IOException {
        Path model = copy(GPT2);
        Path weights = model.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int header = Math.toIntExact(file.getLong(0));
        JsonNode norm = JSON.readTree(new String(bytes, 8, header, StandardCharsets.UTF_8))
                .get("transformer.ln_f.weight");
        file.putFloat(8 + header + norm.get("data_offsets").get(0).asInt(), Float.NaN);
        Files.write(weights, bytes);
        Called called = command(command, model, data("{\"prompt\":\"play some\",\"completion\":\" jazz\"}"));
        assertThat(called.status()).isEqualTo(1);
        assertThat(called.err())
                .contains("chorus: " + model + ": ")
                .contains("are the weights damaged?")
                .doesNotContain("should not have happened");
        assertThat(folder.resolve("out")).doesNotExist();
        Called inspected = chorus("inspect", model);
        assertThat(inspected.status()).isEqualTo(1);
        assertThat(inspected.out())
                .contains("tensors [transformer.ln_f.weight] hold NaN or infinity")
                .endsWith("cannot be used, because of the problem above\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"score", "generate"})
    void aTokenBeyondTheVocabularyNamesItsLineOrIsLeftOut(String command) throws IOException {
        Path model = copy(GPT2);
        ObjectNode tokenizer =
                (ObjectNode) JSON.readTree(model.resolve("tokenizer.json").toFile());
        tokenizer
                .withArray("added_tokens")
                .addObject()
                .put("id", 640)
                .put("content", "<new>")
                .put("special", true);
        JSON.writeValue(model.resolve("tokenizer.json").toFile(), tokenizer);
        Path data = data(
                "{\"prompt\":\"play some\",\"completion\":\" jazz\"}", "{\"prompt\":\"<new>\",\"completion\":\" x\"}");
        Called called = command(command, model, data);
        assertThat(called.status()).isEqualTo(1);
        assertThat(called.err())
                .contains(data + ":2: ")
                .contains("id 640")
                .contains("the model's vocabulary is 640")
                .doesNotContain("should not have happened");
        Called skipped = command(command, model, data, "--skip-bad");
        assertThat(skipped.status()).as(skipped.err()).isZero();
        assertThat(lines(folder.resolve("out"))).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"score", "generate"})
    void aClassifierSaysWhatItIsAndWhatToCall(String command) throws IOException {
        Path model = copy(GPT2);
        edit(model.resolve("config.json"), json -> json.putArray("architectures")
                .add("GPT2ForSequenceClassification"));
        Called called = command(command, model, data("{\"prompt\":\"a\",\"completion\":\" b\"}"));
        assertThat(called.status()).isEqualTo(1);
        assertThat(called.err())
                .startsWith("chorus: " + model + ": holds a classifier of 2 classes")
                .contains("dev.chorus.model.score.Classifier")
                .hasLineCount(1);
    }

    @Test
    void aSecondBeginningOfSequenceIsSaidAndCanBeLeftOut() throws IOException {
        Path data = data("{\"prompt\":\"<s>play some\",\"completion\":\" jazz\"}");
        Called twice = command("score", LLAMA, data);
        assertThat(twice.err())
                .contains("1 prompt begins with <s>, which the tokenizer puts in front as well", "--no-specials");
        double doubled = lines(folder.resolve("out")).get(0).get("logprob").asDouble();
        Called once = command("score", LLAMA, data, "--no-specials", "--force");
        assertThat(once.err()).doesNotContain("in front as well");
        double single = lines(folder.resolve("out")).get(0).get("logprob").asDouble();
        Path plain =
                Files.writeString(folder.resolve("plain"), "{\"prompt\":\"play some\",\"completion\":\" jazz\"}\n");
        command("score", LLAMA, plain, "--force");
        double usual = lines(folder.resolve("out")).get(0).get("logprob").asDouble();
        assertThat(doubled).isNotCloseTo(usual, within(1e-3));
        assertThat(Math.abs(single - usual)).isLessThan(Math.abs(doubled - usual));
        assertThat(command("generate", LLAMA, data, "--force").err()).contains("1 prompt begins with <s>");
    }

    @Test
    void rulesOfTheFolderAreAppliedOrNamedAndGiveWayToOptions() throws IOException {
        Path model = copy(GPT2);
        edit(model.resolve("generation_config.json"), json -> json.put("no_repeat_ngram_size", 1)
                .put("do_sample", true)
                .put("temperature", 0.6)
                .put("length_penalty", 0.5));
        Path data = data("{\"prompt\":\"play some\"}");
        Called called = command("generate", model, data);
        assertThat(called.err())
                .contains("generation_config.json, applied: no_repeat_ngram_size 1")
                .contains("generation_config.json, the model's own way of sampling (temperature 0.6) is not taken over")
                .contains("generation_config.json, not applied: [length_penalty 0.5]");
        JsonNode ruled = lines(folder.resolve("out")).get(0).get("completion");
        command("generate", model, data, "--force", "--no-repeat-ngram", "0");
        JsonNode free = lines(folder.resolve("out")).get(0).get("completion");
        command("generate", GPT2, data, "--force");
        assertThat(free).isEqualTo(lines(folder.resolve("out")).get(0).get("completion"));
        assertThat(ruled).isNotEqualTo(free);
        command("generate", GPT2, data, "--force", "--no-repeat-ngram", "1");
        assertThat(lines(folder.resolve("out")).get(0).get("completion")).isEqualTo(ruled);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tokenizer_config.json | {\"added_tokens_decoder\":{\"abc\":{\"content\":\"x\"}}} | added_tokens_decoder.abc",
                "tokenizer_config.json | {\"eos_token\":3} | eos_token: expected a token's text",
                "generation_config.json | {\"eos_token_id\":\"2\"} | eos_token_id: expected a token id",
                "generation_config.json | [] | expected a JSON object",
                "config.json | {\"model_type\":\"\\u001b[2Jx\"} | model_type '\\u001b[2Jx' is not supported",
            })
    void inspectSaysWhyAFolderCannotBeUsed(String file, String json, String problem) throws IOException {
        Path model = copy(GPT2);
        Files.writeString(model.resolve(file), json);
        Called called = chorus("inspect", model);
        assertThat(called.status()).isEqualTo(1);
        assertThat(called.err()).isEmpty();
        assertThat(called.out())
                .contains("problem        " + model.resolve(file) + ": ")
                .contains(problem)
                .doesNotContain("\u001b")
                .contains("cannot be used, because of the problem");
    }

    private Called command(String command, Path model, Path data, String... more) throws IOException {
        List<Object> arguments = new ArrayList<>(List.of(command, "--model", model, "--data", data));
        arguments.addAll(List.of("--out", folder.resolve("out")));
        if (command.equals("generate")) {
            arguments.addAll(List.of("--max-new-tokens", "12"));
        }
        arguments.addAll(List.of(more));
        return chorus(arguments.toArray());
    }

    private static Called chorus(Object... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        PrintStream before = System.err;
        ByteArrayOutputStream notes = new ByteArrayOutputStream();
        System.setErr(new PrintStream(notes, true, StandardCharsets.UTF_8));
        try {
            int status = Main.commandLine()
                    .setOut(new PrintWriter(out, true))
                    .setErr(new PrintWriter(err, true))
                    .execute(Stream.of(arguments).map(Object::toString).toArray(String[]::new));
            return new Called(status, out.toString(), err + notes.toString(StandardCharsets.UTF_8));
        } finally {
            System.setErr(before);
        }
    }

    private Path copy(Path from) throws IOException {
        Path to = Files.createDirectory(folder.resolve("model"));
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName().toString()));
            }
        }
        return to;
    }

    private Path data(String... lines) throws IOException {
        return Files.write(folder.resolve("data"), List.of(lines));
    }

    private static void edit(Path file, Consumer<ObjectNode> change) throws IOException {
        ObjectNode json = (ObjectNode) JSON.readTree(file.toFile());
        change.accept(json);
        JSON.writeValue(file.toFile(), json);
    }

    private static List<JsonNode> lines(Path file) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            lines.add(JSON.readTree(line));
        }
        return lines;
    }
}
