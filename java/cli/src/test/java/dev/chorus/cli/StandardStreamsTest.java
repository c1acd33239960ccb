package dev.chorus.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command line as a process of its own, with streams that fail and a locale that knows no letters. */
class StandardStreamsTest {
    @TempDir
    private Path folder;

    private record Ended(int status, String out, String err) {}

    @Test
    void aResultThatCannotBePrintedIsNone() throws Exception {
        File full = new File("/dev/full");
        assumeTrue(full.exists());
        for (String command : List.of("--version", "--help")) {
            Ended ended = chorus(full, "UTF-8", command);
            assertThat(ended.status()).isEqualTo(1);
            assertThat(ended.err()).isEqualTo("chorus: standard output: No space left on device\n");
        }
    }

    @Test
    void streamsAreUtf8WhateverTheLocale() throws Exception {
        Path data = Files.writeString(
                folder.resolve("d.jsonl"), "{\"prompt\": \"a\", \"gr\u00fc\u00df\": 1, \"gr\u00fc\u00df\": 2}\n");
        Ended ended = chorus(
                null,
                "US-ASCII",
                "score",
                "--model",
                folder.toString(),
                "--data",
                data.toString(),
                "--out",
                folder.resolve("o").toString());
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.err())
                .isEqualTo("chorus: " + data + ":1: not a JSON object: Duplicate field 'gr\u00fc\u00df'\n");
    }

    /** Ctrl-C and a service manager's stop end in one sentence, and the same command goes on. */
    @Test
    @Timeout(120)
    void anInterruptedRunSaysThatTheSameCommandGoesOn() throws Exception {
        Path stderr = folder.resolve("stderr");
        Process process = start(
                folder.resolve("stdout").toFile(),
                stderr,
                "UTF-8",
                "run",
                Path.of("../core/src/test/resources/tiny/tiny.yaml").toString(),
                "--out",
                folder.resolve("run").toString());
        while (process.isAlive() && !Files.readString(stderr).contains("start  ")) {
            Thread.sleep(20);
        }
        process.destroy();
        assertThat(process.waitFor()).as(Files.readString(stderr)).isEqualTo(128 + 15);
        assertThat(Files.readString(stderr).lines())
                .last()
                .isEqualTo("chorus: interrupted; finished stages are kept, the same command goes on from here");
    }

    private Ended chorus(File out, String encoding, String... arguments) throws IOException, InterruptedException {
        Path stdout = folder.resolve("stdout");
        Path stderr = folder.resolve("stderr");
        int status = start(out == null ? stdout.toFile() : out, stderr, encoding, arguments)
                .waitFor();
        return new Ended(
                status,
                out == null ? Files.readString(stdout, StandardCharsets.UTF_8) : "",
                Files.readString(stderr, StandardCharsets.UTF_8));
    }

    private static Process start(File stdout, Path stderr, String encoding, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Dfile.encoding=" + encoding,
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectOutput(stdout)
                .redirectError(stderr.toFile())
                .start();
    }
}
