package dev.chorus.aggregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DirichletUncertaintyTest {

    /** The golden values carry eight decimals. */
    private static final double GOLDEN = 5.1e-9;
    /** A handful of roundings of numbers below 1. */
    private static final double EXACT = 1e-15;

    @ParameterizedTest
    @CsvSource({
        "4,  2,  1,  .95569989,  .83095238, .12474751, -1.48749174, .28571429, .42857143",
        "1,  1,  1,  1.09861229, .83333333, .26527896, -.69314718,  .66666667, 1",
        "40, 20, 10, .95569989,  .94160537, .01409452, -3.33010278, .02857143, .04285714",
    })
    void matchesGoldenValues(
            double a,
            double b,
            double c,
            double total,
            double expected,
            double mutual,
            double differential,
            double epkl,
            double vacuity) {
        DirichletUncertainty uncertainty = DirichletUncertainty.of(DirichletPosterior.of(a, b, c));
        assertThat(uncertainty.total()).isCloseTo(total, within(GOLDEN));
        assertThat(uncertainty.expected()).isCloseTo(expected, within(GOLDEN));
        assertThat(uncertainty.mutualInformation()).isCloseTo(mutual, within(GOLDEN));
        assertThat(uncertainty.differentialEntropy()).isCloseTo(differential, within(GOLDEN));
        assertThat(uncertainty.epkl()).isCloseTo(epkl, within(GOLDEN));
        assertThat(uncertainty.vacuity()).isCloseTo(vacuity, within(GOLDEN));
    }

    @Test
    void beliefAndVacuitySumToOne() {
        DirichletPosterior posterior = DirichletPosterior.of(4, 2, 1);
        double[] belief = DirichletUncertainty.belief(posterior);
        assertThat(belief).containsExactly(new double[] {3 / 7., 1 / 7., 0}, within(EXACT));
        assertThat(Arrays.stream(belief).sum()
                        + DirichletUncertainty.of(posterior).vacuity())
                .isCloseTo(1, within(EXACT));
    }

    @Test
    void varianceOfEachClass() {
        // p (1 - p) / 8 with p = 4/7, 2/7, 1/7.
        assertThat(DirichletUncertainty.variance(DirichletPosterior.of(4, 2, 1)))
                .containsExactly(new double[] {12 / 392., 10 / 392., 6 / 392.}, within(EXACT));
    }

    @Test
    void oneClassLeavesNoDoubt() {
        DirichletUncertainty uncertainty = DirichletUncertainty.of(DirichletPosterior.of(3));
        assertThat(uncertainty.total()).isZero();
        assertThat(uncertainty.mutualInformation()).isZero();
        assertThat(uncertainty.differentialEntropy()).isCloseTo(0, within(1e-14));
        assertThat(uncertainty.epkl()).isZero();
    }

    @Test
    void mutualInformationIsNeverNegativeAndFallsWithEvidence() {
        double last = Double.POSITIVE_INFINITY;
        for (double scale = 1e-3; scale < 1e16; scale *= 10) {
            double mutual = DirichletUncertainty.of(DirichletPosterior.of(4 * scale, 2 * scale, scale))
                    .mutualInformation();
            // Beyond 1e12 the difference is rounding noise of two numbers near 1.
            assertThat(mutual).isBetween(0.0, last + 1e-14);
            last = mutual;
        }
    }
}
