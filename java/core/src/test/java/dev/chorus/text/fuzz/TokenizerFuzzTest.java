package dev.chorus.text.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Mutated tokenizer files in a process of their own: none may end it, hang it, or bring up another exception than the documented
 * one. {@code -Dchorus.fuzz.tokenizers=100000} tries so many ({@code mvn -pl java/core test -Dtest=TokenizerFuzzTest} with it).
 */
class TokenizerFuzzTest {
    private static final long INPUTS = Long.getLong("chorus.fuzz.tokenizers", 400);

    /** One file's time; the slowest of a long run took a second. */
    private static final long SECONDS = 30;

    @TempDir
    private Path folder;

    @Test
    void noFileEndsTheProcess() throws Exception {
        Path progress = folder.resolve("progress");
        List<Long> deaths = new ArrayList<>();
        List<Long> hangs = new ArrayList<>();
        write(progress);
        long next = 0;
        while (next < INPUTS) {
            Process child = start(progress, next);
            long before = -1;
            while (!child.waitFor(SECONDS, TimeUnit.SECONDS)) {
                long now = read(progress, 0);
                if (now == before) {
                    child.destroyForcibly().waitFor();
                    hangs.add(now);
                }
                before = now;
            }
            long at = read(progress, 0);
            if (child.exitValue() != 0 && !hangs.contains(at)) {
                deaths.add(at);
            }
            next = at == INPUTS ? at : at + 1;
        }
        System.err.println(INPUTS + " tokenizer files, " + read(progress, 8) + " loaded, " + deaths.size() + " deaths "
                + deaths + ", " + hangs.size() + " hangs " + hangs + ", " + read(progress, 16)
                + " undocumented exceptions");
        assertThat(deaths).as("files that ended the process").isEmpty();
        assertThat(hangs).as("files that hung it").isEmpty();
        assertThat(read(progress, 16)).as("undocumented exceptions").isZero();
        // A check that refused everything would pass the rest.
        assertThat(read(progress, 8)).isBetween(INPUTS / 20, INPUTS - INPUTS / 20);
    }

    private static Process start(Path progress, long from) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-CreateCoredumpOnCrash",
                "-cp",
                System.getProperty("java.class.path"),
                TokenizerFuzz.class.getName(),
                progress.toString(),
                Long.toString(from),
                Long.toString(INPUTS)));
        Path fixtures = Path.of("src/test/resources/fixtures");
        try (Stream<Path> folders = Files.list(fixtures)) {
            folders.filter(Files::isDirectory).sorted().map(Path::toString).forEach(command::add);
        }
        return new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        progress.resolveSibling("errors").toFile()))
                .start();
    }

    private static void write(Path progress) throws IOException {
        Files.write(progress, new byte[24]);
    }

    private static long read(Path progress, long at) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(progress.toFile(), "r")) {
            file.seek(at);
            return file.readLong();
        }
    }
}
