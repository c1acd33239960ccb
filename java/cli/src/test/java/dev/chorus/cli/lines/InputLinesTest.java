package dev.chorus.cli.lines;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chorus.data.DataException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
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

    @Test
    void aMarkAtTheStartIsSkippedAndBlankLinesAtTheEndAreNone() throws IOException {
        Path in = write("\uFEFF{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n\n\n");
        for (boolean skip : new boolean[] {false, true}) {
            BadLines bad = new BadLines(in, skip);
            List<JsonLine> lines = InputLines.read(in, REQUIRED, bad);
            assertThat(lines).extracting(line -> line.text("prompt")).containsExactly("a", "b");
            assertThat(bad.count()).isZero();
        }
    }

    @Test
    @Timeout(60)
    void aPipeIsReadAndADeviceRefused() throws Exception {
        Path pipe = folder.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        Thread writer = new Thread(() -> {
            try {
                Files.writeString(pipe, "{\"prompt\":\"a\",\"x\":1.50}\n\u00e9\n");
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        writer.start();
        BadLines bad = new BadLines(pipe, true);
        List<JsonLine> lines = InputLines.read(pipe, REQUIRED, bad);
        writer.join();
        assertThat(lines.get(0).copy()).hasToString("{\"prompt\":\"a\",\"x\":1.50}");
        assertThat(bad.count()).isEqualTo(1);
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> InputLines.read(Path.of("/dev/zero"), REQUIRED, bad))
                .withMessage("/dev/zero: is a character device; expected a file, a pipe, or - for the standard input");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> InputLines.read(folder, REQUIRED, bad))
                .withMessageStartingWith(folder + ": is a directory; ");
    }

    @Test
    void aFileThatChangesMeanwhileIsNoticed() throws IOException {
        Path in = write("{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n");
        List<JsonLine> lines = InputLines.read(in, REQUIRED, new BadLines(in, false));
        write("{\"prompt\":\"a\"}\n{\"prompt\":\"c\"}\n");
        assertThat(lines.get(0).text("prompt")).isEqualTo("a");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> lines.get(1).copy())
                .withMessage(in + ":2: was changed while it was in use; run the command again");
        write("{");
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> lines.get(1).copy());
    }

    /** 96 MiB of lines in a heap of 32. */
    @Test
    void theSizeOfAFileDoesNotMatter() throws Exception {
        Path in = folder.resolve("large.jsonl");
        byte[] line =
                ("{\"prompt\":\"a\",\"document\":\"" + "x".repeat(1 << 16) + "\"}\n").getBytes(StandardCharsets.UTF_8);
        try (OutputStream out = Files.newOutputStream(in)) {
            for (int i = 0; i < 1536; i++) {
                out.write(line);
            }
        }
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx32m",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Count.class.getName(),
                        in.toString())
                .redirectErrorStream(true)
                .start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(printed).isZero();
        assertThat(printed).isEqualTo("1536 " + 1536L * (line.length - 1));
    }

    /** Reads lines, and each again. */
    static final class Count {
        private Count() {}

        public static void main(String[] args) {
            Path in = Path.of(args[0]);
            List<JsonLine> lines = InputLines.read(in, REQUIRED, new BadLines(in, false));
            long bytes = 0;
            for (JsonLine line : lines) {
                bytes += line.copy().toString().length();
            }
            System.out.print(lines.size() + " " + bytes);
        }
    }

    private Path write(String content) throws IOException {
        return Files.writeString(folder.resolve("in.jsonl"), content);
    }
}
