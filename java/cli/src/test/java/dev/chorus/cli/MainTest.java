package dev.chorus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.config.ConfigException;
import dev.chorus.data.DataException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @ParameterizedTest
    @ValueSource(strings = {"--help", "run --help", "doctor --help", "--version"})
    void helpGoesToStandardOutputWithStatusZero(String arguments) {
        assertThat(execute(arguments.split(" "))).isZero();
        assertThat(out.toString()).isNotBlank();
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void helpDocumentsTheExitStatus() {
        execute("run", "--help");
        assertThat(out.toString())
                .contains("CONFIG", "--out", "--set", "--seeds", "--dry-run", "--force", "Exit status")
                .containsPattern("0\\s+done")
                .containsPattern("1\\s+the work failed")
                .containsPattern("2\\s+wrong usage");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--sed=3", "run", "run x --seeds=many", "run x y", "walk"})
    void wrongUsageIsOneLineAHintAndStatusTwo(String arguments) {
        assertThat(execute(arguments.split(" "))).isEqualTo(2);
        assertThat(err.toString()).startsWith("chorus: ").contains("--help").doesNotContain("\tat ");
        assertThat(out.toString()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "rnu                      | Unknown command: 'rnu'; did you mean 'run'?",
                "walk                     | Unknown command: 'walk'; there are run, score, generate, aggregate, inspect, doctor",
                "run x --sed=3            | Unknown option: '--sed'; did you mean '--set'?",
                "run x --sedes=3          | Unknown option: '--sedes'; did you mean '--seeds'?",
                "run x --optimizer=a      | Unknown option: '--optimizer=a'",
                "score --modle m          | Unknown option: '--modle'; did you mean '--model'?",
                "run x y\u001b[2J        | Unmatched argument at index 2: 'y\\u001b[2J'",
            })
    void theNearestWordIsSuggested(String arguments, String problem) {
        assertThat(execute(arguments.split(" ", -1))).isEqualTo(2);
        assertThat(err.toString().lines().findFirst()).hasValue("chorus: " + problem);
        assertThat(err.toString().lines()).hasSize(2);
    }

    @Test
    void messagesAreVisibleAndOneLine() {
        report(new DataException(Path.of("a.jsonl"), 7, "got \"\u001b]0;x\u0007\u202e\nchorus: fine\""), false);
        assertThat(err.toString().lines())
                .containsExactly("chorus: a.jsonl:7: got \"\\u001b]0;x\\u0007\\u202e\\nchorus: fine\"");
    }

    /** All of it, on this machine, with a user's class path: the presets of CUDA, which are optional, are not there. */
    @Test
    void doctorLooksAtEverything() {
        assertThat(execute("doctor")).as(out.toString()).isZero();
        assertThat(out.toString())
                .contains("LibTorch", "Kernels", "CUDA tensors", "Served by")
                .endsWith("ready\n");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void noCommandIsWrongUsage() {
        assertThat(execute()).isEqualTo(2);
        assertThat(err.toString()).startsWith("chorus: a command is missing");
    }

    @Test
    void configurationErrorIsStatusTwoAndDataErrorStatusOne() {
        assertThat(report(new ConfigException("a.yaml: sedes: unknown key; did you mean seeds?"), false))
                .isEqualTo(2);
        assertThat(report(new DataException(Path.of("a.jsonl"), 7, "no field \"text\""), false))
                .isEqualTo(1);
        assertThat(report(new DataException(Path.of("a.jsonl"), 0, "is empty"), false))
                .isEqualTo(1);
        assertThat(err.toString().lines())
                .containsExactly(
                        "chorus: a.yaml: sedes: unknown key; did you mean seeds?",
                        "chorus: a.jsonl:7: no field \"text\"",
                        "chorus: a.jsonl: is empty");
    }

    @Test
    void fileErrorsSayWhatHappened() {
        assertThat(report(new NoSuchFileException("a.yaml"), false)).isEqualTo(1);
        assertThat(report(new UncheckedIOException(new IOException("No space left on device")), false))
                .isEqualTo(1);
        assertThat(err.toString().lines())
                .containsExactly("chorus: a.yaml: no such file or directory", "chorus: No space left on device");
    }

    @Test
    void unexpectedErrorsShowWhereTheyComeFrom() {
        assertThat(report(new IllegalStateException("oops"), false)).isEqualTo(1);
        assertThat(err.toString())
                .startsWith("chorus: this should not have happened: ")
                .contains("\tat ");
    }

    @Test
    void verboseShowsItAlways() {
        assertThat(report(new ConfigException("a.yaml: bad"), true)).isEqualTo(2);
        assertThat(err.toString()).startsWith("chorus: a.yaml: bad").contains("\tat ");
    }

    private int report(Exception e, boolean verbose) {
        return Errors.report(e, verbose, new PrintWriter(err, true));
    }

    private int execute(String... arguments) {
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        return line.execute(arguments);
    }
}
