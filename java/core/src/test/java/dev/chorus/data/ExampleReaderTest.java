package dev.chorus.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chorus.eval.Entity;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExampleReaderTest {
    private static final String GOOD =
            "{\"id\": 7, \"sentence\": \"Wake ME at Five\", \"scenario\": \"alarm\", \"action\": \"set\","
                    + " \"entities\": [{\"type\": \"time\", \"filler\": \"Five\"}, {\"type\": \"time\", \"filler\": \"six\"}]}";

    @Test
    void readsALineAndLowersItsText() {
        List<Example> examples = read(GOOD + "\n" + GOOD.replace("\"id\": 7", "\"id\": \"x-8\"") + "\n");

        assertThat(examples)
                .containsExactly(
                        new Example(
                                "7",
                                "wake me at five",
                                "alarm",
                                List.of(new Entity("time", "five"), new Entity("time", "six"))),
                        new Example(
                                "x-8",
                                "wake me at five",
                                "alarm",
                                List.of(new Entity("time", "five"), new Entity("time", "six"))));
    }

    @Test
    void linesMayEndAsOnWindows() {
        assertThat(read(GOOD + "\r\n" + GOOD + "\r\n")).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"id\": 1, \"sentence\": \"a\"                                            | not a JSON object",
                "{\"id\": 1} {\"id\": 2}                                                    | not a JSON object",
                "nonsense                                                                   | not a JSON object",
                "[1, 2]                                                                     | expected a JSON object",
                "\"text\"                                                                   | expected a JSON object",
                "{\"sentence\": \"a\", \"scenario\": \"b\", \"entities\": []}               | 'id': expected text, got nothing",
                "{\"id\": 1, \"scenario\": \"b\", \"entities\": []}                         | 'sentence': expected text, got nothing",
                "{\"id\": 1, \"sentence\": 5, \"scenario\": \"b\", \"entities\": []}        | 'sentence': expected text, got 5",
                "{\"id\": 1, \"sentence\": \"  \", \"scenario\": \"b\", \"entities\": []}   | 'sentence' is empty",
                "{\"id\": 1, \"sentence\": \"a\", \"entities\": []}                         | 'scenario': expected text, got nothing",
                "{\"id\": 1.5, \"sentence\": \"a\", \"scenario\": \"b\", \"entities\": []}  | 'id': expected text, got 1.5",
                "{\"id\": 1, \"sentence\": \"a\", \"scenario\": null, \"entities\": []}     | 'scenario': expected text, got null",
                "{\"id\": 1, \"sentence\": \"a\", \"scenario\": \"b\"}                      | 'entities': expected a list",
                "{\"id\": 1, \"sentence\": \"a\", \"scenario\": \"b\", \"entities\": {}}    | 'entities': expected a list",
                "{\"id\": 1, \"sentence\": \"a\", \"scenario\": \"b\", \"entities\": [3]}   | 'type': expected text, got nothing",
                "{\"id\": 1, \"sentence\": \"a\", \"scenario\": \"b\", \"entities\": [{\"type\": \"t\"}]} | 'filler': expected text, got nothing",
            })
    void aMalformedLineIsNamedWithFileAndLine(String line, String problem) {
        assertThatThrownBy(() -> read(GOOD + "\n" + GOOD + "\n" + line + "\n" + GOOD + "\n"))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("some.jsonl:3: ")
                .hasMessageContaining(problem)
                .message()
                .hasLineCount(1);
    }

    @Test
    void aMarkAtTheStartAndBlankLinesAtTheEndAreNoLines() {
        assertThat(read("\uFEFF" + GOOD + "\n\n \n")).hasSize(1);
    }

    @Test
    void whatARunAndTheCommandsRefuseIsTheSame() {
        assertThatThrownBy(() -> read(GOOD + "\n" + GOOD.replace("{\"id\": 7", "{\"id\": 7, \"id\": 8")))
                .isInstanceOf(DataException.class)
                .hasMessage("some.jsonl:2: not a JSON object: Duplicate field 'id'");
        assertThatThrownBy(() -> read(GOOD.replace("7", "NaN")))
                .isInstanceOf(DataException.class)
                .hasMessage("some.jsonl:1: not a JSON object: Non-standard token 'NaN', which JSON does not have");
        assertThatThrownBy(() -> read(GOOD.replace("7", "1e" + "9".repeat(90))))
                .isInstanceOf(DataException.class)
                .hasMessage("some.jsonl:1: holds a number that is too large to be kept");
        assertThatThrownBy(() -> ExampleReader.read(new DataSource(
                        "some.jsonl",
                        GOOD.replace("five", "fünf").replace("Wake", "Wäcke").getBytes(StandardCharsets.ISO_8859_1))))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("some.jsonl:1: not UTF-8: byte 0xE4 at place 25 of the line");
    }

    @ParameterizedTest
    @CsvSource({"''", "'   '"})
    void aBlankLineIsRefused(String blank) {
        assertThatThrownBy(() -> read(GOOD + "\n" + blank + "\n" + GOOD + "\n"))
                .isInstanceOf(DataException.class)
                .hasMessage("some.jsonl:2: an empty line; expected a JSON object");
    }

    @Test
    void anEmptyFileIsRefused() {
        assertThatThrownBy(() -> read(""))
                .isInstanceOf(DataException.class)
                .hasMessage("some.jsonl: holds no examples; expected one JSON object a line");
    }

    private static List<Example> read(String text) {
        return ExampleReader.read(new DataSource("some.jsonl", text.getBytes(StandardCharsets.UTF_8)));
    }
}
