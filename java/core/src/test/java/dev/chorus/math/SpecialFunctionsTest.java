package dev.chorus.math;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpecialFunctionsTest {

    /** Of the largest number met on the way, at least about 10: ten units in the last place. */
    private static final double RELATIVE = 1e-14;

    @ParameterizedTest
    @CsvSource({
        "0.001, 6.907178885383853,  -1000.5755719318103, 1000001.6425331959",
        "0.5,   0.5723649429247,    -1.9635100260214235, 4.93480220054468",
        "1,     0,                  -0.5772156649015329, 1.6449340668482266",
        "2.5,   0.2846828704729192, 0.7031566406452432,  0.4903577561002349",
        "10,    12.801827480081469, 2.251752589066721,   0.10516633568168576",
        "1234.5, 7550.550901077894, 7.118016231827999,   8.103727271269668e-4",
        "32000, 299947.4500125661,  10.373475556700484,  3.1250488286336265e-5",
    })
    void matchesGoldenValues(double x, double lnGamma, double digamma, double trigamma) {
        assertThat(SpecialFunctions.lnGamma(x)).isCloseTo(lnGamma, within(RELATIVE * Math.max(10, Math.abs(lnGamma))));
        assertThat(SpecialFunctions.digamma(x)).isCloseTo(digamma, within(RELATIVE * Math.max(10, Math.abs(digamma))));
        assertThat(SpecialFunctions.trigamma(x)).isCloseTo(trigamma, within(RELATIVE * Math.max(1e-4, trigamma)));
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-8, 0.3, 1, 3.7, 9.5, 9.999999, 10, 10.5, 123.4})
    void satisfiesTheRecurrences(double x) {
        double lnGamma = SpecialFunctions.lnGamma(x);
        assertThat(SpecialFunctions.lnGamma(x + 1))
                .isCloseTo(lnGamma + Math.log(x), within(RELATIVE * Math.max(10, Math.abs(lnGamma))));
        assertThat(SpecialFunctions.digamma(x + 1) - SpecialFunctions.digamma(x))
                .isCloseTo(1 / x, within(RELATIVE * Math.max(10, 1 / x)));
        assertThat(SpecialFunctions.trigamma(x) - SpecialFunctions.trigamma(x + 1))
                .isCloseTo(1 / (x * x), within(RELATIVE * Math.max(10, 1 / (x * x))));
    }

    @Test
    void lnGammaOfWholeNumbersIsTheLogOfAFactorial() {
        double factorial = 1;
        for (int n = 1; n <= 20; n++) {
            assertThat(SpecialFunctions.lnGamma(n)).isCloseTo(Math.log(factorial), within(RELATIVE * 40));
            factorial *= n;
        }
    }

    @Test
    void infinityHasItsLimits() {
        assertThat(SpecialFunctions.lnGamma(Double.POSITIVE_INFINITY)).isInfinite();
        assertThat(SpecialFunctions.digamma(Double.POSITIVE_INFINITY)).isInfinite();
        assertThat(SpecialFunctions.trigamma(Double.POSITIVE_INFINITY)).isZero();
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -0.5, -3, Double.NaN, Double.NEGATIVE_INFINITY})
    void refusesWhatIsNotPositive(double x) {
        assertThatThrownBy(() -> SpecialFunctions.lnGamma(x))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("lnGamma: expected x > 0, got " + x);
        assertThatThrownBy(() -> SpecialFunctions.digamma(x)).hasMessage("digamma: expected x > 0, got " + x);
        assertThatThrownBy(() -> SpecialFunctions.trigamma(x)).hasMessage("trigamma: expected x > 0, got " + x);
    }
}
