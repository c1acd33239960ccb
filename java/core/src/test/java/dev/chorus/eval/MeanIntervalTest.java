package dev.chorus.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MeanIntervalTest {

    /** Printed tables carry three decimals. */
    private static final double TABLE = 5.001e-4;
    /** A closed form, inverted to the last bit. */
    private static final double EXACT = 1e-12;

    @ParameterizedTest
    @CsvSource({
        "1, 12.706",
        "2, 4.303",
        "3, 3.182",
        "4, 2.776",
        "5, 2.571",
        "6, 2.447",
        "9, 2.262",
        "10, 2.228",
        "15, 2.131",
        "20, 2.086",
        "29, 2.045",
        "30, 2.042",
        "60, 2.000",
        "120, 1.980",
        "1000, 1.962",
    })
    void quantilesAreThoseOfTheTables(int df, double t) {
        assertThat(StudentT.quantile(.975, df)).isCloseTo(t, within(TABLE));
    }

    @Test
    void quantilesHaveClosedFormsForOneAndTwoDegrees() {
        for (double p : new double[] {.6, .9, .975, .995}) {
            assertThat(StudentT.quantile(p, 1)).isCloseTo(Math.tan(Math.PI * (p - .5)), within(EXACT * 100));
            double a = 2 * p - 1;
            assertThat(StudentT.quantile(p, 2)).isCloseTo(a * Math.sqrt(2 / (1 - a * a)), within(EXACT));
            assertThat(StudentT.quantile(1 - p, 7)).isCloseTo(-StudentT.quantile(p, 7), within(EXACT));
        }
        assertThat(StudentT.quantile(.5, 4)).isZero();
    }

    @Test
    void threeSeeds() {
        // Mean .71, s = .01, half-width 4.30265273 * .01 / sqrt(3).
        MeanInterval interval = MeanInterval.of(.70, .71, .72);
        assertThat(interval.mean()).isCloseTo(.71, within(EXACT));
        assertThat(interval.low()).isCloseTo(.71 - .0248413771, within(1e-9));
        assertThat(interval.high()).isCloseTo(.71 + .0248413771, within(1e-9));
        assertThat(interval.n()).isEqualTo(3);
        assertThat(interval.bounded()).isTrue();
    }

    @Test
    void equalValuesLeaveNoDoubt() {
        assertThat(MeanInterval.of(.5, .5)).isEqualTo(new MeanInterval(.5, .5, .5, 2));
    }

    @Test
    void oneValueHasNoInterval() {
        MeanInterval one = MeanInterval.of(.7);
        assertThat(one.mean()).isEqualTo(.7);
        assertThat(one.low()).isNaN();
        assertThat(one.bounded()).isFalse();
        assertThat(MeanInterval.of().mean()).isNaN();
        assertThat(MeanInterval.of().n()).isZero();
    }

    @Test
    void anUndefinedValueIsNotHidden() {
        MeanInterval interval = MeanInterval.of(.7, Double.NaN, .8);
        assertThat(interval.mean()).isNaN();
        assertThat(interval.bounded()).isFalse();
    }

    @Test
    void quantileRefusesWhatIsOutOfRange() {
        assertThatThrownBy(() -> StudentT.quantile(1, 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Student's t: expected a probability in (0, 1), got 1.0");
        assertThatThrownBy(() -> StudentT.quantile(.5, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Student's t: expected at least 1 degree of freedom, got 0");
    }
}
