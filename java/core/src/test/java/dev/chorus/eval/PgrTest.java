package dev.chorus.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class PgrTest {

    /** Three roundings of numbers below 1, divided by a gap of 0.2. */
    private static final double EXACT = 1e-14;

    @Test
    void matchesGoldenValue() {
        assertThat(Pgr.of(.60, .72, .80)).isCloseTo(.6, within(EXACT));
    }

    @Test
    void mayLeaveTheUnitInterval() {
        assertThat(Pgr.of(.6, .5, .8)).isCloseTo(-.5, within(EXACT));
        assertThat(Pgr.of(.6, .9, .8)).isCloseTo(1.5, within(EXACT));
    }

    @Test
    void withoutAGapIsUndefined() {
        assertThat(Pgr.of(.7, .72, .7)).isNaN();
        assertThat(Pgr.of(.7, .72, .7 + 1e-13)).isNaN();
        assertThat(Pgr.of(.7, .72, .7 + 1e-11)).isNotNaN();
        assertThat(Pgr.of(.7, Double.NaN, .8)).isNaN();
        assertThat(Pgr.format(Pgr.of(.7, .72, .7))).isEqualTo("undefined");
        assertThat(Pgr.format(.61249)).isEqualTo("0.612");
    }

    @Test
    void namesItsBaseline() {
        double[] weak = {.50, .60, .70};
        assertThat(Pgr.againstMean(weak, .72, .80)).isCloseTo(.6, within(EXACT));
        // Chosen on development scores: the second one, although the third does better on test.
        assertThat(Pgr.againstBest(weak, new double[] {.5, .9, .9}, .72, .80)).isCloseTo(.6, within(EXACT));
    }

    @Test
    void refusesShapesThatDisagree() {
        assertThatThrownBy(() -> Pgr.againstMean(new double[0], .7, .8))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("PGR: expected the score of at least one weak model, got none");
        assertThatThrownBy(() -> Pgr.againstBest(new double[2], new double[1], .7, .8))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("PGR: expected one development score for each of the 2 weak models, got 1");
    }
}
