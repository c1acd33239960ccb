package dev.chorus.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpecialFunctionsTest {
    /** Double after a handful of roundings, absolute near zeros and relative elsewhere. */
    private static final double TOLERANCE = 2e-14;

    private static Offset<Double> near(double expected) {
        return Offset.offset(TOLERANCE * (1 + Math.abs(expected)));
    }

    @ParameterizedTest
    @CsvSource({
        "0.001, 6.907178885383853, -1000.5755719318103, 1000001.6425331959",
        "0.5, 0.5723649429247, -1.9635100260214235, 4.93480220054468",
        "1, 0, -0.5772156649015329, 1.6449340668482266",
        "2.5, 0.2846828704729192, 0.7031566406452432, 0.4903577561002349",
        "10, 12.801827480081469, 2.251752589066721, 0.10516633568168576",
        "1234.5, 7550.550901077894, 7.118016231827999, 8.103727271269668e-4",
        "32000, 299947.4500125661, 10.373475556700484, 3.1250488286336265e-5",
    })
    void goldenValues(double x, double lnGamma, double digamma, double trigamma) {
        assertThat(SpecialFunctions.lnGamma(x)).isCloseTo(lnGamma, near(lnGamma));
        assertThat(SpecialFunctions.digamma(x)).isCloseTo(digamma, near(digamma));
        assertThat(SpecialFunctions.trigamma(x)).isCloseTo(trigamma, near(trigamma));
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-6, 0.1, 0.9999, 3.7, 9.5, 9.999999, 10.5, 1e3})
    void recurrencesHold(double x) {
        double lnGamma = SpecialFunctions.lnGamma(x + 1) - Math.log(x);
        double digamma = SpecialFunctions.digamma(x + 1) - 1 / x;
        double trigamma = SpecialFunctions.trigamma(x + 1) + 1 / (x * x);
        assertThat(SpecialFunctions.lnGamma(x)).isCloseTo(lnGamma, near(lnGamma));
        assertThat(SpecialFunctions.digamma(x)).isCloseTo(digamma, near(digamma));
        assertThat(SpecialFunctions.trigamma(x)).isCloseTo(trigamma, near(trigamma));
    }

    @Test
    void refusesWhatIsNotAboveZero() {
        for (double x : new double[] {0, -1, Double.NaN}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> SpecialFunctions.lnGamma(x))
                    .withMessage("x: expected a number above 0, got " + x);
            assertThatIllegalArgumentException().isThrownBy(() -> SpecialFunctions.digamma(x));
            assertThatIllegalArgumentException().isThrownBy(() -> SpecialFunctions.trigamma(x));
        }
    }
}
