package dev.chorus.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.chorus.cli.generate.GenerateCommand;
import dev.chorus.cli.generate.GeneratingModel;
import dev.chorus.cli.score.ScoreCommand;
import dev.chorus.cli.score.ScoringModel;
import dev.chorus.text.CompletionTokens;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** {@code score} and {@code generate} with models that need no weights: a token a character, score minus its code. */
class ModelCommandsTest {
    private static final int POSITIONS = 20;
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    private Path in;
    private Path out;
    private int opened;
    private int worked;
    private int closed;
    private boolean fails;
    private GeneratingModel.GenerateSettings settings;

    private record Called(int status, String out, String err) {}

    @BeforeEach
    void lines() throws IOException {
        in = Files.writeString(folder.resolve("in.jsonl"), """
                {"id":7,"prompt":"a b","completion":" cd"}
                {"prompt":"x","completion":"","id":1}
                {"id":3,"completion":"z","prompt":"yy","tokens":"old"}
                """);
        out = folder.resolve("out.jsonl");
    }

    @Test
    void scoresAreAddedInOrder() throws IOException {
        Called called = score("--model", "m");
        assertThat(called.err()).isEmpty();
        assertThat(called.status()).isZero();
        List<JsonNode> lines = output();
        assertThat(lines).extracting(line -> line.get("id").asInt()).containsExactly(7, 1, 3);
        assertThat(Files.readAllLines(out).get(0))
                .isEqualTo("{\"id\":7,\"prompt\":\"a b\",\"completion\":\" cd\",\"logprob\":-231.0,\"tokens\":3,"
                        + "\"mean_logprob\":-77.0}");
        assertThat(lines.get(1).get("logprob").asDouble()).isZero();
        assertThat(lines.get(1).get("tokens").asInt()).isZero();
        assertThat(lines.get(1).get("mean_logprob").asDouble()).isZero();
        assertThat(lines.get(2).get("tokens").asInt()).isEqualTo(1);
        assertThat(called.out()).startsWith("3 lines, 4 tokens, ").endsWith("model m -> " + out + "\n");
        assertThat(closed).isEqualTo(1);
    }

    @Test
    void severalModelsMakeAList() throws IOException {
        assertThat(score("--model", "a/m", "--model", "b/m", "--model", "c").status())
                .isZero();
        JsonNode line = output().get(2);
        assertThat(line.get("scores").findValuesAsText("model")).containsExactly("a/m", "b/m", "c");
        assertThat(line.get("scores").get(1).get("logprob").asDouble()).isCloseTo(-2.0 * 'z', within(0.0));
        assertThat(line.get("tokens").asText()).isEqualTo("old");
        assertThat(line.has("logprob")).isFalse();
        assertThat(closed).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aBadLineStopsBeforeAnyWorkUnlessSkipped(boolean skip) throws IOException {
        Files.writeString(in, "{\"prompt\":\"x\"}\n", java.nio.file.StandardOpenOption.APPEND);
        String data = Files.readString(in);
        for (String bad : new String[] {
            "nonsense",
            "{\"prompt\":\"\",\"completion\":\"a\"}",
            "{\"prompt\":\"0123456789\",\"completion\":\"0123456789a\"}"
        }) {
            Files.writeString(in, bad + "\n" + data);
            Files.deleteIfExists(out);
            worked = 0;
            Called called = skip ? score("--model", "m", "--skip-bad") : score("--model", "m");
            if (skip) {
                assertThat(called.status()).isZero();
                assertThat(output()).extracting(line -> line.get("id").asInt()).containsExactly(7, 1, 3);
            } else {
                assertThat(called.status()).isEqualTo(1);
                assertThat(called.err()).startsWith("chorus: " + in + ":").hasLineCount(1);
                assertThat(worked).isZero();
                assertThat(folder.toFile().list()).containsExactly("in.jsonl");
            }
        }
    }

    @Test
    void aLineThatIsTooLongSaysByHowMuch() throws IOException {
        Files.writeString(in, "{\"prompt\":\"0123456789\",\"completion\":\"0123456789a\"}\n");
        assertThat(score("--model", "m").err())
                .isEqualTo("chorus: " + in + ":1: too long for m: prompt and completion have 21 tokens, it takes 20\n");
        assertThat(generate("--max-new-tokens", "11").err())
                .contains(in + ":1: too long: the prompt has 10 tokens")
                .contains("need to take 21, it takes 20");
        assertThat(score("--model", "m", "--skip-bad").err())
                .contains("holds no usable line")
                .contains(in + ":1: too long");
        assertThat(worked).isZero();
    }

    @Test
    void anExistingFileIsRefusedWithoutForce() throws IOException {
        Files.writeString(out, "mine");
        Called called = score("--model", "m");
        assertThat(called.status()).isEqualTo(2);
        assertThat(called.err()).startsWith("chorus: --out: " + out + ": already exists; --force replaces it");
        assertThat(opened).isZero();
        assertThat(out).hasContent("mine");
        assertThat(score("--model", "m", "--force").status()).isZero();
        assertThat(output()).hasSize(3);
    }

    @Test
    void whatFailsLeavesTheOldFileAndNoOther() throws IOException {
        Files.writeString(out, "mine");
        fails = true;
        assertThat(score("--model", "m", "--force").status()).isEqualTo(1);
        assertThat(generate("--max-new-tokens", "3", "--force").status()).isEqualTo(1);
        assertThat(out).hasContent("mine");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactlyInAnyOrder(in, out);
        }
        assertThat(closed).isEqualTo(2);
    }

    @Test
    void aScoreThatIsNoNumberIsAnError() throws IOException {
        Files.writeString(in, "{\"prompt\":\"a\",\"completion\":\"\\u0000\"}\n");
        Called called = score("--model", "m");
        assertThat(called.status()).isEqualTo(1);
        assertThat(called.err()).startsWith("chorus: " + in + ":1: the log-probability under m is NaN");
        assertThat(out).doesNotExist();
    }

    @Test
    void completionsAreAddedInOrder() throws IOException {
        Called called = generate("--max-new-tokens", "3", "--token-logprobs", "--stop", "q", "--stop", "\n");
        assertThat(called.err()).isEmpty();
        assertThat(called.status()).isZero();
        assertThat(Files.readAllLines(out).get(0))
                .isEqualTo("{\"id\":7,\"prompt\":\"a b\",\"completion\":\"a b/0\",\"logprob\":-6.0,"
                        + "\"finish_reason\":\"length\",\"tokens\":3,\"token_logprobs\":[-1.0,-2.0,-3.0]}");
        assertThat(output()).extracting(line -> line.get("id").asInt()).containsExactly(7, 1, 3);
        assertThat(output()).noneMatch(line -> line.has("sample"));
        assertThat(settings.stop()).containsExactly("q", "\n");
        assertThat(called.out()).startsWith("3 lines, 9 tokens, ");
    }

    @Test
    void everySampleIsALine() throws IOException {
        assertThat(generate("--max-new-tokens", "1", "--samples", "2", "--temperature", "0.5", "--seed", "9")
                        .status())
                .isZero();
        assertThat(output()).extracting(line -> line.get("id").asInt()).containsExactly(7, 7, 1, 1, 3, 3);
        assertThat(output()).extracting(line -> line.get("sample").asInt()).containsExactly(0, 1, 0, 1, 0, 1);
        assertThat(settings.seed()).isEqualTo(9);
        assertThat(settings.temperature()).isEqualTo(0.5);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "score    | --data x --out y                        | --model",
                "score    | --model m --data IN                     | --out",
                "score    | --model m --data IN --out none/y        | its folder does not exist",
                "score    | --model m --data IN --out OUT --join x  | --join: expected one of",
                "score    | --model m --data IN --out OUT --dtype x | --dtype: expected auto, f32 or bf16, got x",
                "score    | --model m --data IN --out OUT --threads 0 | --threads: expected 1 or more",
                "generate | --model m --data IN --out OUT           | --max-new-tokens",
                "generate | --model m --data IN --out OUT --max-new-tokens 0 | expected 1 or more, got 0",
                "generate | --model m --data IN --out OUT --max-new-tokens 3 --samples 2 | need a --temperature",
                "generate | --model m --data IN --out OUT --max-new-tokens 3 --top-p 0   | --top-p: expected above 0",
                "generate | --model m --data IN --out OUT --max-new-tokens 3 --n-best 2  | --n-best: expected 1 to",
                "generate | --model m --data IN --out OUT --max-new-tokens 3 --beams 2 --temperature 1 | does not sample",
                "inspect  | x --deep                                | Unknown option",
            })
    void wrongUsageIsStatusTwo(String command, String options, String problem) {
        List<String> arguments = new ArrayList<>(List.of(command));
        Arrays.stream(options.split(" "))
                .map(word -> word.equals("IN") ? in.toString() : word.equals("OUT") ? out.toString() : word)
                .forEach(arguments::add);
        Called called = chorus(arguments);
        assertThat(called.status()).isEqualTo(2);
        assertThat(called.err()).startsWith("chorus: ").contains(problem).contains("--help");
        assertThat(opened).isZero();
    }

    private Called score(String... options) {
        return withFiles("score", options);
    }

    private Called generate(String... options) {
        List<String> all = new ArrayList<>(List.of(options));
        all.addAll(List.of("--model", "g"));
        return withFiles("generate", all.toArray(String[]::new));
    }

    private Called withFiles(String command, String... options) {
        List<String> arguments = new ArrayList<>(List.of(command));
        arguments.addAll(List.of(options));
        arguments.addAll(List.of("--data", in.toString(), "--out", out.toString()));
        return chorus(arguments);
    }

    private Called chorus(List<String> arguments) {
        StringWriter stdout = new StringWriter();
        StringWriter stderr = new StringWriter();
        CommandLine.IFactory commands = new CommandLine.IFactory() {
            @Override
            public <K> K create(Class<K> type) throws Exception {
                if (type == ScoreCommand.class) {
                    return type.cast(new ScoreCommand((folder, settings) -> new CharacterScores()));
                }
                if (type == GenerateCommand.class) {
                    return type.cast(new GenerateCommand((folder, chosen) -> new Echo(chosen)));
                }
                return CommandLine.defaultFactory().create(type);
            }
        };
        int status = Main.commandLine(commands)
                .setOut(new PrintWriter(stdout, true))
                .setErr(new PrintWriter(stderr, true))
                .execute(arguments.toArray(String[]::new));
        return new Called(status, stdout.toString(), stderr.toString());
    }

    private List<JsonNode> output() throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(out)) {
            lines.add(JSON.readTree(line));
        }
        return lines;
    }

    /** The n-th model that is opened scores n times as low; the character 0 scores NaN. */
    private final class CharacterScores implements ScoringModel {
        private final int factor = ++opened;

        @Override
        public CompletionTokens tokens(String prompt, String completion) {
            return new CompletionTokens((prompt + completion).chars().toArray(), prompt.length());
        }

        @Override
        public int positions() {
            return POSITIONS;
        }

        @Override
        public boolean hasChatTemplate() {
            return true;
        }

        @Override
        public double[][] score(List<CompletionTokens> sequences, DoubleConsumer progress) throws IOException {
            worked++;
            if (fails) {
                throw new IOException("no room");
            }
            progress.accept(1);
            return sequences.stream()
                    .map(sequence -> Arrays.stream(sequence.completion())
                            .mapToDouble(token -> token == 0 ? Double.NaN : -factor * token)
                            .toArray())
                    .toArray(double[][]::new);
        }

        @Override
        public void close() {
            closed++;
        }
    }

    /** Says the prompt, a slash and the sample's number. */
    private final class Echo implements GeneratingModel {
        private final GenerateSettings chosen;

        Echo(GenerateSettings chosen) {
            this.chosen = chosen;
            opened++;
            settings = chosen;
        }

        @Override
        public int[] tokens(String prompt) {
            return prompt.chars().toArray();
        }

        @Override
        public int positions() {
            return POSITIONS;
        }

        @Override
        public boolean hasChatTemplate() {
            return false;
        }

        @Override
        public List<List<Completion>> generate(List<int[]> prompts, long[] numbers, DoubleConsumer progress)
                throws IOException {
            worked++;
            if (fails) {
                throw new IOException("no room");
            }
            double[] logps = IntStream.rangeClosed(1, chosen.maxNewTokens())
                    .mapToDouble(i -> -i)
                    .toArray();
            return prompts.stream()
                    .map(prompt -> IntStream.range(0, chosen.samples())
                            .mapToObj(i ->
                                    new Completion(new String(prompt, 0, prompt.length) + "/" + i, logps, "length"))
                            .toList())
                    .toList();
        }

        @Override
        public void close() {
            closed++;
        }
    }
}
