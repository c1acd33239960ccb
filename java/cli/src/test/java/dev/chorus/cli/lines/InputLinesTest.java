package dev.chorus.cli.lines;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chorus.data.DataException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InputLinesTest {
    private static final List<String> REQUIRED = List.of("prompt");

    @TempDir
    private Path folder;

    @Test
    void fieldsLeaveAsTheyCame() throws IOException {
        String first =
                "{\"z\":1.10,\"prompt\":\"grüß 🙂\",\"a\":{\"n\":12345678901234567890,\"x\":null},\"l\":[true,0.1]}";
        String second = "{\"prompt\":\"\"}";
        Path in = write(first + "\r\n" + second + "\n");
        List<JsonLine> lines = InputLines.read(in, REQUIRED, new BadLines(in, false));
        assertThat(lines).extracting(JsonLine::number).containsExactly(1, 2);
        Path out = folder.resolve("out.jsonl");
        try (OutputLines writer = new OutputLines(out, true)) {
            for (JsonLine line : lines) {
                writer.write(line.copy());
            }
            writer.commit();
        }
        assertThat(out).hasContent(first + "\n" + second + "\n");
    }

    @Test
    void aBlankLineAtTheEndIsNone() throws IOException {
        for (String end : new String[] {"", "\n", "\r\n", "\n\n", "\n  "}) {
            Path in = write("{\"prompt\":\"a\"}" + end);
            assertThat(InputLines.read(in, REQUIRED, new BadLines(in, false))).hasSize(1);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "~~                               | an empty line",
                "{\"prompt\": \"a\"               | not a JSON object",
                "{\"prompt\": \"a\"} {}           | not a JSON object",
                "{\"prompt\": \"a\", \"prompt\": \"b\"} | not a JSON object",
                "[\"prompt\"]                     | expected a JSON object",
                "{\"promt\": \"a\"}               | 'prompt': expected text, got nothing",
                "{\"prompt\": 3}                  | 'prompt': expected text, got 3",
                "{\"prompt\": null}               | 'prompt': expected text, got null",
                "{\"prompt\": \"\\ud83d\"}        | half a character",
            })
    void aBadLineStopsOrIsLeftOut(String line, String problem) throws IOException {
        String good = "{\"prompt\":\"a\"}\n";
        Path in = write(good + line + "\n" + good);
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> InputLines.read(in, REQUIRED, new BadLines(in, false)))
                .withMessageStartingWith(in + ":2: ")
                .withMessageContaining(problem);
        BadLines bad = new BadLines(in, true);
        assertThat(InputLines.read(in, REQUIRED, bad))
                .extracting(JsonLine::number)
                .containsExactly(1, 3);
        assertThat(bad.report()).hasSize(2);
        assertThat(bad.report().get(0)).isEqualTo("1 bad line left out");
        assertThat(bad.report().get(1)).startsWith(in + ":2: ").contains(problem);
    }

    @Test
    void whatIsNotUtf8IsBad() throws IOException {
        Path in = folder.resolve("in.jsonl");
        Files.write(in, "{\"prompt\":\"a\"}\n{\"prompt\":\"\u00e9\"}\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> InputLines.read(in, REQUIRED, new BadLines(in, false)))
                .withMessageStartingWith(in
                        + ":2: not UTF-8: byte 0xE9 at place 12 of the line, 27 of the file; if the file is Latin-1");
    }

    @Test
    void manyBadLinesAreCountedAndTheFirstNamed() throws IOException {
        Path in = write("3\n".repeat(9) + "{\"prompt\":\"a\"}");
        BadLines bad = new BadLines(in, true);
        InputLines.read(in, REQUIRED, bad);
        assertThat(bad.count()).isEqualTo(9);
        assertThat(bad.report())
                .hasSize(7)
                .startsWith("9 bad lines left out", in + ":1: expected a JSON object")
                .endsWith("and 4 more");
    }

    @Test
    void aFileWithoutLinesIsNamed() throws IOException {
        for (String content : new String[] {"", "\n", "3\n"}) {
            Path in = write(content);
            assertThatExceptionOfType(DataException.class)
                    .isThrownBy(() -> InputLines.read(in, REQUIRED, new BadLines(in, true)))
                    .withMessageStartingWith(in + ": holds no usable line");
        }
        Path none = folder.resolve("none");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> InputLines.read(none, REQUIRED, new BadLines(none, true)))
                .withMessage(none + ": no such file");
    }

    @Test
    void whatIsNotCommittedLeavesNothing() throws IOException {
        Path in = write("{\"prompt\":\"a\"}");
        Path out = Files.writeString(folder.resolve("out.jsonl"), "mine");
        try (OutputLines writer = new OutputLines(out, true)) {
            writer.write(InputLines.read(in, REQUIRED, new BadLines(in, false))
                    .get(0)
                    .copy());
            assertThat(out).hasContent("mine");
        }
        assertThat(out).hasContent("mine");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactlyInAnyOrder(in, out);
        }
    }

    private Path write(String content) throws IOException {
        return Files.writeString(folder.resolve("in.jsonl"), content);
    }
}
