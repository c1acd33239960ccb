package dev.chorus.benchmarks.results;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The four measurements of jmh.json: ours in f32 and bf16, LibTorch's and the floor in f32. */
class WriteResultsTest {
    private static final Conditions HERE = new Conditions(
            "short", "avx512", "A \"Fast\" CPU, 2 GHz", 2, "2.10.0", "17.0.15", "2026-11-22T04:00:00Z", "0123456789ab");

    @TempDir
    private Path folder;

    private Path json;
    private Path csv;
    private Path readme;

    @BeforeEach
    void files() throws IOException {
        json = folder.resolve("results.json");
        csv = folder.resolve("results.csv");
        readme = folder.resolve("README.md");
        try (InputStream in = WriteResultsTest.class.getResourceAsStream("jmh.json")) {
            Files.copy(in, json);
        }
        Files.writeString(readme, "before\n" + MarkedPart.BEGIN + "\nold\n" + MarkedPart.END + "\nafter\n");
    }

    @Test
    void writesPercentilesRatesAndRatios() throws IOException {
        WriteResults.write(List.of(json), csv, readme, HERE);

        // Ten calls, sorted: 1, 2, 2, 2, 2, 2, 3, 3, 4, 4 ms; 512 * 32000 * 4 bytes = 65.536 MB.
        assertThat(Files.readAllLines(csv))
                .hasSize(5)
                .startsWith(
                        ResultsTable.HEADER,
                        "short,token_logprob,chorus,forward,512x32000,f32,2,2000.0,2000.0,3000.0,32.768,GB/s,11.000,2.0000,"
                                + "1.5000,avx512,\"A \"\"Fast\"\" CPU, 2 GHz\",2,2.10.0,17.0.15,2026-11-22T04:00:00Z,"
                                + "0123456789ab",
                        "short,token_logprob,libtorch,forward,512x32000,f32,2,22000,22000,22000,2.9789,GB/s,1.0000,22.000,,"
                                + "avx512,\"A \"\"Fast\"\" CPU, 2 GHz\",2,2.10.0,17.0.15,2026-11-22T04:00:00Z,0123456789ab");
    }

    @Test
    void writesTheTableBetweenTheMarkers() throws IOException {
        String table = WriteResults.write(List.of(json), csv, readme, HERE);

        assertThat(table.lines())
                .contains(
                        "Medians of the short profile; A \"Fast\" CPU, 2 GHz, 2 cores, avx512; 2 threads; LibTorch 2.10.0, "
                                + "JDK 17.0.15; 2026-11-22, commit 0123456789ab.",
                        "| token_logprob | forward | 512 × 32000 | f32 | 2.00 ms | 22.0 ms | 11.0× | 1.00 ms | 2.00× | – "
                                + "| ≥ 10× faster: reached; ≤ 1.8× the floor: missed |",
                        "| token_logprob | forward | 512 × 32000 | bf16 | 1.10 ms | – | – | – | – | 0.550× |  |");
        assertThat(readme)
                .content()
                .isEqualTo("before\n" + MarkedPart.BEGIN + "\n" + table + MarkedPart.END + "\nafter\n");
    }

    @Test
    void aTargetWithoutLibTorchIsNotMeasured() {
        Row row = new Row(
                "token_logprob",
                Provider.CHORUS,
                "backward",
                "512x32000",
                "f32",
                2,
                1,
                1,
                1,
                OptionalDouble.empty(),
                "",
                OptionalDouble.empty(),
                HERE);
        assertThat(Target.verdict(row, new ResultsTable(List.of(row)))).isEqualTo("≥ 5× faster: not measured");
    }

    @Test
    void aSecondRunReplacesWhatItMeasuredAgain() throws IOException {
        WriteResults.write(List.of(json), csv, readme, HERE);
        Conditions full = in("full", "0123456789ab");
        WriteResults.write(List.of(json), csv, readme, full);
        assertThat(ResultsTable.read(csv).rows()).hasSize(8);

        // Only ours, at a later commit: its row stands in for the old one, without a ratio across runs.
        String text = Files.readString(json);
        Files.writeString(json, "[" + text.substring(text.indexOf('{'), text.indexOf("  },\n  {")) + "}]");
        WriteResults.write(List.of(json), csv, readme, in("short", "ba9876543210-dirty"));

        ResultsTable table = ResultsTable.read(csv);
        assertThat(table.rows()).hasSize(8);
        List<Row> ours = table.rows().stream()
                .filter(row -> row.provider() == Provider.CHORUS && row.dtype().equals("f32"))
                .toList();
        assertThat(ours).extracting(row -> row.under().commit()).containsExactly("0123456789ab", "ba9876543210-dirty");
        assertThat(table.timesFaster(ours.get(0))).hasValue(11);
        assertThat(table.timesFaster(ours.get(1))).isEmpty();
    }

    @Test
    void aFileIsReadAsItWasWritten() throws IOException {
        WriteResults.write(List.of(json), csv, readme, HERE);
        String written = Files.readString(csv);
        ResultsTable.read(csv).write(csv);
        assertThat(csv).content().isEqualTo(written);
    }

    @Test
    void refusesWhatItDoesNotKnow() throws IOException {
        Files.writeString(json, Files.readString(json).replace("\"sample\"", "\"avgt\""));
        assertThatThrownBy(() -> WriteResults.write(List.of(json), csv, readme, HERE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected mode sample, got avgt");
        Files.writeString(csv, "another header\n");
        assertThatThrownBy(() -> ResultsTable.read(csv)).hasMessageContaining("expected the header");
        assertThatThrownBy(() -> Provider.ofMethod("numpyForward")).hasMessageContaining("numpyForward");
        assertThatThrownBy(() -> MeasuredOp.ofBenchmark("OtherBenchmark")).hasMessageContaining("OtherBenchmark");
    }

    @Test
    void refusesATextWithoutItsMarkers() {
        String begin = MarkedPart.BEGIN;
        String end = MarkedPart.END;
        for (String text : List.of("", begin, end + begin, begin + end + end, begin + begin + end)) {
            assertThatThrownBy(() -> MarkedPart.replaced(text, "new"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("once each");
        }
    }

    private static Conditions in(String profile, String commit) {
        return new Conditions(
                profile,
                HERE.isa(),
                HERE.hardware(),
                HERE.cores(),
                HERE.libtorch(),
                HERE.jdk(),
                "2026-11-23T04:00:00Z",
                commit);
    }
}
