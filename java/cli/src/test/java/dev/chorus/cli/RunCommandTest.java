package dev.chorus.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.chorus.results.Results;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** {@code chorus run} on the tiny configuration of the core's tests, as a user calls it. */
class RunCommandTest {
    private static final Path TINY = Path.of("../core/src/test/resources/tiny");
    private static final String CONFIG = TINY.resolve("tiny.yaml").toString();

    @TempDir
    private static Path shared;

    @TempDir
    private Path folder;

    private static Path out;
    private static Called first;

    private record Called(int status, String out, String err) {}

    @BeforeAll
    static void runOnce() {
        out = shared.resolve("out");
        first = chorus("run", CONFIG, "--out", out.toString());
    }

    @Test
    void aRunPrintsTheTableAndWhereTheRestIs() {
        assertThat(first.status()).as(first.err()).isZero();
        assertThat(first.err()).isEmpty();
        assertThat(first.out())
                .contains("Scenario classification, mean and 95% interval over 2 seeds", "Slot filling as generation")
                .contains("small (1", "wide (1", "naive multi-weak", "Bayesian", "DPO", "ceiling (gold labels)")
                .contains("Figures  " + out.resolve("results.json"), "Report   " + out.resolve("report.html"));
    }

    @Test
    void resultsAndReportAreWhole() throws Exception {
        Results results =
                new ObjectMapper().readValue(out.resolve("results.json").toFile(), Results.class);
        assertThat(results.name()).isEqualTo("tiny");
        assertThat(results.tasks()).hasSize(2);

        Document report = parse(out.resolve("report.html"));
        assertThat(report.getElementsByTagName("h1").item(0).getTextContent()).isEqualTo("tiny");
        assertThat(report.getElementsByTagName("svg").getLength()).isGreaterThanOrEqualTo(4);
        assertThat(report.getElementsByTagName("script").getLength()).isZero();
        try (Stream<Path> files = Files.list(out)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("results.json", "report.html", "stages");
        }
    }

    @Test
    void theReportShowsTheLeastSureLabelsWithTheirSentences() throws Exception {
        Results results =
                new ObjectMapper().readValue(out.resolve("results.json").toFile(), Results.class);
        List<Element> tables = new ArrayList<>();
        NodeList all = parse(out.resolve("report.html")).getElementsByTagName("table");
        for (int i = 0; i < all.getLength(); i++) {
            if (((Element) all.item(i)).getAttribute("class").equals("unsure")) {
                tables.add((Element) all.item(i));
            }
        }
        assertThat(tables).hasSize(2);
        for (int t = 0; t < 2; t++) {
            List<String> sentences = new ArrayList<>();
            NodeList heads = tables.get(t).getElementsByTagName("th");
            for (int i = 0; i < heads.getLength(); i++) {
                if (((Element) heads.item(i)).getAttribute("class").equals("sentence")) {
                    sentences.add(heads.item(i).getTextContent());
                }
            }
            List<Results.Unsure> unsure = results.tasks().get(t).unsure();
            assertThat(sentences)
                    .hasSize(20)
                    .isEqualTo(unsure.stream().map(Results.Unsure::text).toList());
            String text = tables.get(t).getTextContent();
            assertThat(unsure).allSatisfy(each -> assertThat(text).contains(each.gold(), each.aggregate()));
        }
    }

    @Test
    void theSameCommandAgainPrintsTheSameAndChangesNothing() throws IOException {
        byte[] results = Files.readAllBytes(out.resolve("results.json"));
        byte[] report = Files.readAllBytes(out.resolve("report.html"));

        Called again = chorus("run", CONFIG, "-o", out.toString());

        assertThat(again).isEqualTo(first);
        assertThat(out.resolve("results.json")).hasBinaryContent(results);
        assertThat(out.resolve("report.html")).hasBinaryContent(report);
    }

    @Test
    void aDryRunPrintsTheStagesAndWritesNothing() {
        Path none = folder.resolve("none");

        Called dry = chorus("run", CONFIG, "--dry-run", "--out", none.toString());

        assertThat(dry.status()).isZero();
        assertThat(dry.out().lines().filter(line -> line.startsWith("to run    ")))
                .hasSize(63);
        assertThat(dry.out()).endsWith("63 stages, 0 finished, 63 to run\n");
        assertThat(none).doesNotExist();
    }

    @Test
    void seedsAndSetChangeWhatRuns() {
        // What the folder holds is another configuration's, which a dry run says as a run does.
        Called dry = chorus(
                "run",
                CONFIG,
                "-n",
                "--force",
                "--seeds",
                "1",
                "--set",
                "slots=null",
                "--set",
                "weak.slots=null",
                "-o",
                out.toString());
        assertThat(dry.status()).isZero();
        // Weak 2, label 2, aggregate, student 4, evaluate 6, and the base: all there from the first run.
        assertThat(dry.out()).endsWith("16 stages, 16 finished, 0 to run\n").doesNotContain("slots", "seed-1");
    }

    @Test
    void aSmallerRunBesideTheFirstAndTheRefusalToReplaceIt() throws IOException {
        Path small = folder.resolve("small");
        String[] command = {
            "run",
            CONFIG,
            "-o",
            small.toString(),
            "--seeds",
            "1",
            "--set",
            "slots=null",
            "--set",
            "scenario.students=[best]"
        };
        Called called = chorus(command);
        assertThat(called.status()).as(called.err()).isZero();
        assertThat(called.out()).contains("one seed, so no interval").doesNotContain("Slot filling");
        byte[] results = Files.readAllBytes(small.resolve("results.json"));
        byte[] report = Files.readAllBytes(small.resolve("report.html"));

        List<String> other = new ArrayList<>(List.of(command));
        other.addAll(List.of("--set", "scenario.train.epochs=1"));
        oneLine(
                chorus(other.toArray(String[]::new)),
                2,
                small.resolve("results.json") + ": holds the results of another");
        assertThat(small.resolve("results.json")).hasBinaryContent(results);
        assertThat(small.resolve("report.html")).hasBinaryContent(report);

        other.add("--force");
        assertThat(chorus(other.toArray(String[]::new)).status()).isZero();
        assertThat(Files.readAllBytes(small.resolve("results.json"))).isNotEqualTo(results);
        assertThat(Files.readAllBytes(small.resolve("report.html"))).isNotEqualTo(report);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--set data.pol=x             | tiny.yaml: unknown key 'data.pol'; known here: ",
                "--set data.gold=many         | tiny.yaml: data.gold: expected a whole number, got \"many\"",
                "--set data.gold              | --set data.gold: expected key=value",
                "--set weak.models.7.width=8  | '7': expected a place from 0 to 1",
                "--seeds 0                    | --seeds: expected 1 to 1000, got 0",
                "--set slots.train.epochs=0   | tiny.yaml: slots.train.epochs: expected 1 or more, got 0",
            })
    void aConfigurationThatCannotBeRunIsStatusTwo(String options, String problem) {
        List<String> command = new ArrayList<>(
                List.of("run", CONFIG, "-o", folder.resolve("none").toString()));
        command.addAll(List.of(options.split(" ")));
        oneLine(chorus(command.toArray(String[]::new)), 2, problem);
        assertThat(folder.resolve("none")).doesNotExist();
    }

    @Test
    void aMissingConfigurationIsStatusTwo() {
        Path none = folder.resolve("none.yaml");
        oneLine(chorus("run", none.toString()), 2, none + ": cannot be read: no such file");
    }

    @Test
    void anUnknownOptionIsStatusTwo() {
        Called called = chorus("run", CONFIG, "--fast");
        assertThat(called.status()).isEqualTo(2);
        assertThat(called.err()).startsWith("chorus: Unknown option: '--fast'").doesNotContain("\tat ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"id\": 1,                                                                  | not a JSON object",
                "''                                                                           | an empty line",
                "{\"id\": 1, \"sentence\": \"stop\", \"scenario\": \"music\"}                 | 'entities': expected a list",
                "{\"id\": 1, \"sentence\": [], \"scenario\": \"music\", \"entities\": []}     | 'sentence': expected text, got []",
            })
    void aMalformedDataLineIsStatusOneAndNamed(String line, String problem) throws IOException {
        Path bad = folder.resolve("bad.jsonl");
        List<String> lines = new ArrayList<>(Files.readAllLines(TINY.resolve("test.jsonl")));
        lines.add(4, line);
        Files.write(bad, lines);
        Path none = folder.resolve("none");

        Called called = chorus("run", CONFIG, "--set", "data.test=" + bad.toAbsolutePath(), "-o", none.toString());

        oneLine(called, 1, bad + ":5: " + problem);
        assertThat(none).doesNotExist();
    }

    @Test
    void aMissingDataFileIsStatusOneAndNamed() {
        oneLine(
                chorus("run", CONFIG, "--set", "data.pool=none.jsonl"),
                1,
                TINY.resolve("none.jsonl") + ": no such file");
        oneLine(
                chorus("run", CONFIG, "--set", "data.pool=builtin:none.jsonl"),
                1,
                "builtin:none.jsonl: no such built-in file");
    }

    @Test
    void aFolderThatCannotBeMadeIsStatusOneAndNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "mine");
        oneLine(chorus("run", CONFIG, "-o", file.toString()), 1, file + ": cannot be made");
        assertThat(file).hasContent("mine");
    }

    @Test
    void aFullDiskIsStatusOneAndNamesTheReport() throws Exception {
        Path disk = Files.createDirectories(folder.resolve("disk"));
        assumeThat(shell("mount -t tmpfs -o size=64m tmpfs " + disk))
                .as("only root can mount a small disk; this test needs one")
                .isZero();
        try {
            // Everything but the report.
            assertThat(shell("cp -r " + out + "/results.json " + out + "/stages " + disk))
                    .isZero();
            assertThat(shell("dd if=/dev/zero bs=4096 of=" + disk.resolve("filler")))
                    .isPositive();

            oneLine(chorus("run", CONFIG, "-o", disk.toString()), 1, disk.resolve("report.html") + ": ");

            try (Stream<Path> files = Files.list(disk)) {
                assertThat(files.map(file -> file.getFileName().toString()))
                        .containsExactlyInAnyOrder("results.json", "stages", "filler");
            }
        } finally {
            assertThat(shell("umount " + disk)).isZero();
        }
    }

    private static void oneLine(Called called, int status, String part) {
        assertThat(called.err()).startsWith("chorus: ").contains(part).hasLineCount(1);
        assertThat(called.status()).isEqualTo(status);
        assertThat(called.out()).isEmpty();
    }

    private static Called chorus(String... arguments) {
        StringWriter stdout = new StringWriter();
        StringWriter stderr = new StringWriter();
        int status = Main.commandLine()
                .setOut(new PrintWriter(stdout, true))
                .setErr(new PrintWriter(stderr, true))
                .execute(arguments);
        return new Called(status, stdout.toString(), stderr.toString());
    }

    private static Document parse(Path html) throws Exception {
        String text = Files.readString(html);
        assertThat(text).startsWith("<!DOCTYPE html>\n");
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(
                        text.substring(text.indexOf('\n') + 1).getBytes(java.nio.charset.StandardCharsets.UTF_8)));
    }

    private static int shell(String command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("sh", "-c", command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return process.waitFor(20, TimeUnit.SECONDS) ? process.exitValue() : -1;
    }
}
