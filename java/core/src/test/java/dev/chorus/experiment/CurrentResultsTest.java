package dev.chorus.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chorus.config.ConfigException;
import dev.chorus.results.Results;
import dev.chorus.stage.ProgressListener.StageView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When the results in a folder are those of a run, and what is checked before a run begins. */
class CurrentResultsTest {
    /** One small task, one seed. */
    private static final List<String> SMALL =
            List.of("slots=null", "weak.slots=null", "scenario.students=[best]", "strong.pretrain.train.epochs=1");

    @TempDir
    private Path folder;

    private Path data;
    private Path out;
    private final Tiny.Listener listener = new Tiny.Listener();

    @BeforeEach
    void copy() throws IOException {
        data = Files.createDirectory(folder.resolve("data"));
        out = folder.resolve("out");
        try (Stream<Path> files = Files.list(Tiny.YAML.getParent())) {
            for (Path file : files.toList()) {
                Files.copy(file, data.resolve(file.getFileName()));
            }
        }
    }

    @Test
    void resultsOfOtherDataAreNotThoseOfThisRun() throws IOException {
        load().run(out, false, listener);
        load().run(out, false, listener);
        assertThat(listener.notes()).hasSize(1).allMatch(note -> note.startsWith("nothing to do"));

        append(
                "devel.jsonl",
                "{\"id\": 900, \"sentence\": \"wake me at noon\", \"scenario\": \"calendar\", \"entities\": []}");
        for (boolean dry : new boolean[] {true, false}) {
            assertThatThrownBy(() -> {
                        if (dry) {
                            load().plan(out, false);
                        } else {
                            load().run(out, false, listener);
                        }
                    })
                    .isInstanceOf(ConfigException.class)
                    .hasMessageStartingWith(
                            out.resolve("results.json") + ": holds the results of other data or model folders")
                    .hasMessageEndingWith("--force replaces them, --out DIR leaves them");
        }
        assertThat(load().plan(out, true)).anyMatch(stage -> !stage.reused());
        load().run(out, true, listener);
        assertThat(load().plan(out, false)).allMatch(StageView::reused);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"value\" : 0.                    | \"value\" : 1.",
                "\"schema\" : 2                    | \"schema\" : 99",
                "\"title\" : \"Scenario            | \"title\" : \"Another",
                "\"seeds\" : [ 0 ]                 | \"seeds\" : [ ]",
                "\"accuracy\" : {                  | \"accuracies\" : {",
            })
    void whatTheFileSaysIsComparedWithTheStages(String from, String to) throws IOException {
        Results right = load().run(out, false, listener);
        Path file = out.resolve("results.json");
        String text = Files.readString(file);
        assertThat(text).contains(from);
        Files.writeString(file, text.replace(from, to));

        Results again = load().run(out, false, listener);
        assertThat(again).isEqualTo(right);
        assertThat(Files.readString(file)).isEqualTo(text);
        assertThat(listener.notes())
                .containsExactly(file + " did not say what the stages say; it is written again from them");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"\"machine\" : {          | \"machines\" : {", "\"build\" : \"           | \"built\" : \""})
    void resultsWithoutWhatTheyNeedAreNone(String from, String to) throws IOException {
        load().run(out, false, listener);
        Path file = out.resolve("results.json");
        Files.writeString(file, Files.readString(file).replace(from, to));
        assertThatThrownBy(() -> load().run(out, false, listener))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(file + ": not readable as results");
    }

    /** A class that no gold sentence shows concerns a task of classes alone, and only as far as the weak models learn. */
    @Test
    void slotsDoNotAskForScenarios() throws IOException {
        append(
                "devel.jsonl",
                "{\"id\": 900, \"sentence\": \"order a pizza\", \"scenario\": \"takeaway\", \"entities\": []}");
        String[] devel = {"data.devel_size=11"};
        assertThatThrownBy(() -> load(devel))
                .hasMessageContaining("class 'takeaway' (id 900) has no example among the 16 gold");
        Experiment slots = Experiment.load(
                data.resolve("tiny.yaml"),
                List.of("data.devel_size=11", "scenario=null", "weak.scenario=null"),
                OptionalInt.of(1));
        assertThat(slots.stages()).isNotEmpty();
    }

    @Test
    void aPromptWithoutRoomIsFoundBeforeAnyWork() throws IOException {
        String words = "wake me up at five am ".repeat(60).strip();
        append(
                "test.jsonl",
                "{\"id\": 901, \"sentence\": \"" + words + "\", \"scenario\": \"calendar\", \"entities\": []}");
        assertThatThrownBy(this::load)
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(": weak.models.small: the prompt of example 901 has ")
                .hasMessageContaining("but the model takes at most 256 in all");
    }

    /** A gold answer counts as much as the prompt before it. */
    @Test
    void aGoldAnswerWithoutRoomIsFoundBeforeAnyWork() throws IOException {
        String filler = "five am in the morning of ".repeat(60).strip();
        append(
                "pool.jsonl",
                "{\"id\": 902, \"sentence\": \"wake me up\", \"scenario\": \"calendar\", \"entities\": [{\"type\": \"time\", \"filler\": \""
                        + filler + "\"}]}");
        assertThatThrownBy(() -> Experiment.load(
                        data.resolve("tiny.yaml"), List.of("data.gold=30", "data.weak=26"), OptionalInt.of(12)))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("the prompt of example 902 has ")
                .hasMessageContaining(" tokens, its gold answer ");
    }

    private void append(String file, String line) throws IOException {
        Path path = data.resolve(file);
        Files.writeString(path, Files.readString(path) + line + "\n");
    }

    private Experiment load(String... more) {
        return Experiment.load(
                data.resolve("tiny.yaml"),
                Stream.concat(SMALL.stream(), Stream.of(more)).toList(),
                OptionalInt.of(1));
    }
}
