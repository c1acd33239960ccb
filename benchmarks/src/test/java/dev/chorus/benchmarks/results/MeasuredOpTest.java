package dev.chorus.benchmarks.results;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.benchmarks.Work;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.VerboseMode;

/** What JMH finds in this module against what the results know. */
class MeasuredOpTest {
    private static final Conditions SOMEWHERE = new Conditions("full", "avx2", "cpu", 1, "1", "17", "2026", "unknown");

    private static final Set<BenchmarkListEntry> BENCHMARKS = BenchmarkList.defaultList()
            .getAll(OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT), List.of());

    @Test
    void everyBenchmarkBecomesARow() {
        assertThat(BENCHMARKS).hasSizeGreaterThan(5);
        assertThat(BENCHMARKS).flatExtracting(MeasuredOpTest::rows).allSatisfy(row -> {
            assertThat(row.direction()).isIn("forward", "backward", "forwardBackward", "steps");
            assertThat(row.rate().orElse(1)).isPositive();
        });
    }

    @Test
    void everyTargetIsOfABenchmarkOfOurs() {
        List<Row> ours = BENCHMARKS.stream()
                .flatMap(benchmark -> rows(benchmark).stream())
                .filter(row -> row.provider() == Provider.CHORUS)
                .toList();
        assertThat(Target.ALL).allSatisfy(target -> assertThat(ours).anyMatch(target::isOf));
    }

    @Test
    void everyOpIsMeasured() {
        Set<String> measured = BENCHMARKS.stream().map(MeasuredOpTest::type).collect(Collectors.toSet());
        assertThat(MeasuredOp.ALL)
                .extracting(op -> op.benchmark().getSimpleName())
                .containsExactlyInAnyOrderElementsOf(measured);
    }

    @Test
    void workOverTimeIsTheRate() {
        assertThat(Work.bytes(3e9).rate(1e6)).isEqualTo(3);
        assertThat(Work.operations(5e9).rate(1e6)).isEqualTo(5);
        assertThat(Work.operations(1).unit().text()).isEqualTo("GFLOP/s");
    }

    /** A row of every benchmark for every one of its shapes; other parameters take their first value. */
    private static List<Row> rows(BenchmarkListEntry benchmark) {
        Map<String, String[]> parameters = benchmark.getParams().orElse(Map.of());
        String[] shapes = parameters.getOrDefault("shape", new String[] {""});
        return Arrays.stream(shapes)
                .map(shape -> {
                    Map<String, String> chosen = new TreeMap<>();
                    parameters.forEach((name, values) -> chosen.put(name, name.equals("shape") ? shape : values[0]));
                    Measurement measurement = new Measurement(
                            type(benchmark), method(benchmark), chosen, 1, 1, 1, OptionalDouble.empty());
                    return Row.of(measurement, SOMEWHERE);
                })
                .toList();
    }

    private static String type(BenchmarkListEntry benchmark) {
        String name = benchmark.getUserClassQName();
        return name.substring(name.lastIndexOf('.') + 1);
    }

    private static String method(BenchmarkListEntry benchmark) {
        return benchmark.getUsername().substring(benchmark.getUserClassQName().length() + 1);
    }
}
