package dev.chorus.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class SignTestTest {

    @Test
    void matchesGoldenValue() {
        assertThat(SignTest.pValue(8, 3)).isEqualTo(.11328125);
    }

    @Test
    void dropsTies() {
        double[] candidate = {1, 1, 1, 0, .5, .5};
        double[] baseline = {0, 0, .9, 1, .5, .5};
        assertThat(SignTest.oneSided(candidate, baseline)).isEqualTo(new SignTest(3, 1, 2, 5.0 / 16));
    }

    @Test
    void coversTheWholeRange() {
        assertThat(SignTest.pValue(0, 0)).isEqualTo(1);
        assertThat(SignTest.pValue(0, 40)).isEqualTo(1);
        assertThat(SignTest.pValue(40, 0)).isEqualTo(Math.pow(2, -40));
        // P(X >= w) + P(X <= w - 1) = 1, and P(X <= w - 1) is the test of the losses against w - 1 wins.
        assertThat(SignTest.pValue(520, 480) + SignTest.pValue(481, 519)).isCloseTo(1, within(1e-15));
        assertThat(SignTest.pValue(2000, 0)).isZero();
        assertThat(SignTest.pValue(1600, 1374)).isBetween(1e-6, 1e-4);
    }

    @Test
    void refusesWhatItCannotCompare() {
        assertThatThrownBy(() -> SignTest.oneSided(new double[2], new double[3]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("sign test: expected as many scores of the candidate as of the baseline (3), got 2");
        assertThatThrownBy(() -> SignTest.oneSided(new double[] {Double.NaN}, new double[] {1}))
                .hasMessage("sign test: expected numbers, got NaN and 1.0 at index 0");
        assertThatThrownBy(() -> SignTest.pValue(-1, 2))
                .hasMessage("sign test: expected counts of at least 0, got -1 wins and 2 losses");
    }
}
