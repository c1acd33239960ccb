package dev.chorus.cli.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResultTableTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void fitsTheTerminal(int seeds) {
        String table = ResultTable.render(SampleResults.of(seeds), StandardCharsets.UTF_8);
        assertThat(table.lines()).allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(ResultTable.WIDTH));
        assertThat(table).contains("Weak models", "Students", "Ceiling", "mean of these", "PGR best");
        assertThat(table.contains("\u00b1")).isEqualTo(seeds > 1);
    }

    @Test
    void meansStandInOneColumn() {
        String table = ResultTable.render(SampleResults.of(5), StandardCharsets.UTF_8);
        assertThat(table.lines()
                        .filter(line -> line.contains("\u00b1") || line.contains("mean of these"))
                        .limit(10)
                        .map(line -> line.indexOf("0.", 33))
                        .distinct())
                .hasSize(1);
    }

    @Test
    void isPlainAsciiWhereTheStreamIs() {
        String table = ResultTable.render(SampleResults.of(2), StandardCharsets.US_ASCII);
        assertThat(StandardCharsets.US_ASCII.newEncoder().canEncode(table)).isTrue();
        assertThat(table.lines()).allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(ResultTable.WIDTH));
        assertThat(table).contains(" +/- ");
    }
}
