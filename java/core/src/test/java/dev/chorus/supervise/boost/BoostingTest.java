package dev.chorus.supervise.boost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.supervise.boost.Boosting.Round;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BoostingTest {
    private static final double TEN_DIGITS = 5e-11 + 1e-14;
    private static final double EIGHT_DIGITS = 5e-9 + 1e-14;
    private static final double SEVEN_DIGITS = 5e-8 + 1e-14;

    @Test
    void twoRoundsOfAdaBoost() {
        Round first = Boosting.binary(Boosting.equal(5), wrong(0, 3));
        assertThat(first.error()).isCloseTo(.4, within(TEN_DIGITS));
        assertThat(first.weight()).isCloseTo(.2027325541, within(TEN_DIGITS));
        assertThat(first.next())
                .containsExactly(new double[] {.25, .16666667, .16666667, .25, .16666667}, within(EIGHT_DIGITS));
        Round second = Boosting.binary(first.next(), wrong(2, 3));
        assertThat(second.error()).isCloseTo(.4166666667, within(TEN_DIGITS));
        assertThat(second.weight()).isCloseTo(.1682361183, within(TEN_DIGITS));
        assertThat(second.next())
                .containsExactly(new double[] {.21428571, .14285714, .2, .3, .14285714}, within(EIGHT_DIGITS));
        double[] a = {first.weight(), second.weight()};
        assertThat(Boosting.mix(a, new double[][] {{.7, .3}, {.4, .6}}))
                .containsExactly(new double[] {.56394852, .43605148}, within(EIGHT_DIGITS));
        assertThat(Boosting.discrete(a, new int[] {0, 1})).isNegative();
        assertThat(Boosting.discrete(a, new int[] {1, 0})).isPositive();
    }

    @ParameterizedTest
    @CsvSource({"2, .4054651", "4, 1.5040774", "32000, 10.7789250"})
    void weightOverTokensGrowsWithTheClasses(int classes, double expected) {
        assertThat(Boosting.tokens(Boosting.equal(5), wrong(0, 3), classes).weight())
                .isCloseTo(expected, within(SEVEN_DIGITS));
    }

    @Test
    void tokensThatWereWrongGainWeight() {
        assertThat(Boosting.tokens(Boosting.equal(5), wrong(0, 3), 4).next())
                .containsExactly(new double[] {.375, .08333333, .08333333, .375, .08333333}, within(EIGHT_DIGITS));
        // D need not sum to 1.
        assertThat(Boosting.tokens(new double[] {3, 3, 3, 3, 3}, wrong(0, 3), 4).next())
                .containsExactly(new double[] {.375, .08333333, .08333333, .375, .08333333}, within(EIGHT_DIGITS));
    }

    @Test
    void modelsNoBetterThanChanceAreSkipped() {
        Round chance = Boosting.binary(Boosting.equal(4), wrong4(0, 1));
        assertThat(chance.skipped()).isTrue();
        assertThat(chance.weight()).isZero();
        assertThat(chance.next()).containsExactly(.25, .25, .25, .25);
        // Half wrong of four classes is better than chance, three quarters are not.
        assertThat(Boosting.tokens(Boosting.equal(4), wrong4(0, 1), 4).skipped())
                .isFalse();
        assertThat(Boosting.tokens(Boosting.equal(4), new boolean[] {true, true, true, false}, 4)
                        .skipped())
                .isTrue();
    }

    @Test
    void modelThatIsNeverWrongStaysFinite() {
        Round perfect = Boosting.binary(Boosting.equal(3), new boolean[3]);
        assertThat(perfect.error()).isEqualTo(1e-10);
        assertThat(perfect.weight()).isCloseTo(.5 * Math.log((1 - 1e-10) / 1e-10), within(1e-12));
        assertThat(perfect.next()).containsExactly(new double[] {1 / 3.0, 1 / 3.0, 1 / 3.0}, within(1e-15));
    }

    @Test
    void singleModelSpeaksForItself() {
        assertThat(Boosting.mix(new double[] {.3}, new double[][] {{.7, .3}}))
                .containsExactly(new double[] {.7, .3}, within(1e-15));
        assertThat(Boosting.mix(new double[] {0, 0}, new double[][] {{1, 0}, {0, 1}}))
                .containsExactly(.5, .5);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Boosting.binary(new double[2], new boolean[2]))
                .withMessageContaining("above 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Boosting.tokens(Boosting.equal(2), new boolean[2], 1))
                .withMessageContaining("at least 2 classes, got 1");
    }

    private static boolean[] wrong(int a, int b) {
        boolean[] wrong = new boolean[5];
        wrong[a] = true;
        wrong[b] = true;
        return wrong;
    }

    private static boolean[] wrong4(int a, int b) {
        boolean[] wrong = new boolean[4];
        wrong[a] = true;
        wrong[b] = true;
        return wrong;
    }
}
