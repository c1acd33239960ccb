package dev.chorus.cli.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.results.Results.Interval;
import org.junit.jupiter.api.Test;

class NumbersTest {
    @Test
    void undefinedIsAWord() {
        assertThat(Numbers.fixed(null, 3)).isEqualTo("undefined");
        assertThat(Numbers.fixed(Double.NaN, 3)).isEqualTo("undefined");
        assertThat(Numbers.fixed(Double.POSITIVE_INFINITY, 3)).isEqualTo("undefined");
        assertThat(Numbers.full(new Interval(0.5, null, null, 1), 2)).isEqualTo("0.50");
    }

    @Test
    void minusIsAMinusAndNeverStandsBeforeZero() {
        assertThat(Numbers.fixed(-0.125, 2)).isEqualTo("\u22120.13");
        assertThat(Numbers.fixed(-0.001, 2)).isEqualTo("0.00");
        assertThat(Numbers.ascii(-0.5, 1)).isEqualTo("-0.5");
    }

    @Test
    void sizesAndTimesReadWell() {
        assertThat(Numbers.compact(870)).isEqualTo("870");
        assertThat(Numbers.compact(48_200)).isEqualTo("48.2 k");
        assertThat(Numbers.compact(999_700)).isEqualTo("1.00 M");
        assertThat(Numbers.bytes(2_287_000_000L)).isEqualTo("2.13 GiB");
        assertThat(Numbers.duration(4.21)).isEqualTo("4.2 s");
        assertThat(Numbers.duration(59.7)).isEqualTo("1 min");
        assertThat(Numbers.duration(80)).isEqualTo("1 min 20 s");
        assertThat(Numbers.duration(7_500)).isEqualTo("2 h 5 min");
        assertThat(Numbers.duration(Double.NaN)).isEqualTo("undefined");
    }
}
