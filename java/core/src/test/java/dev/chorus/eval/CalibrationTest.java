package dev.chorus.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class CalibrationTest {

    private static final double[] CONFIDENCE = {.95, .9, .8, .7, .6, .55, .85, .65};
    private static final boolean[] CORRECT = {true, true, false, true, false, true, true, false};

    private static final double[][] PROBABILITIES = {{.7, .2, .1}, {.1, .6, .3}, {.3, .3, .4}};
    private static final int[] GOLD = {0, 2, 2};

    /** Sums of fewer than ten numbers below 1. */
    private static final double EXACT = 1e-14;
    /** The golden values carry ten decimals. */
    private static final double GOLDEN = 5e-11;

    @Test
    void binErrorsMatchGoldenValues() {
        assertThat(ece(10)).isCloseTo(.2, within(EXACT));
        assertThat(ece(5)).isCloseTo(.2, within(EXACT));
        assertThat(ece(15)).isCloseTo(.275, within(EXACT));
        assertThat(Calibration.maximumError(Calibration.reliability(CONFIDENCE, CORRECT, 10)))
                .isCloseTo(.8, within(EXACT));
        assertThat(Calibration.binaryBrier(CONFIDENCE, CORRECT)).isCloseTo(.21875, within(EXACT));
    }

    @Test
    void classScoresMatchGoldenValues() {
        Calibration calibration = Calibration.of(PROBABILITIES, GOLD, 10);
        assertThat(calibration.brier()).isCloseTo(.5133333333, within(GOLDEN));
        assertThat(calibration.nll()).isCloseTo(.8256461600, within(GOLDEN));
        // Confidences .7 (right), .6 (wrong), .4 (right): (.3 + .6 + .6) / 3.
        assertThat(calibration.ece()).isCloseTo(.5, within(EXACT));
        assertThat(calibration.mce()).isCloseTo(.6, within(EXACT));
    }

    @Test
    void binsAreClosedAbove() {
        List<ReliabilityBin> bins = Calibration.reliability(
                new double[] {0, .25, .2500001, .5, 1}, new boolean[] {true, false, true, true, false}, 4);
        assertThat(bins).extracting(ReliabilityBin::count).containsExactly(2L, 2L, 0L, 1L);
        assertThat(bins.get(1))
                .isEqualTo(new ReliabilityBin(.25, .5, 2, bins.get(1).confidence(), 1));
        assertThat(bins.get(1).confidence()).isCloseTo(.37500005, within(EXACT));
        assertThat(bins.get(2).confidence()).isNaN();
        assertThat(bins.get(2).accuracy()).isNaN();
        assertThat(bins.get(2).gap()).isZero();
    }

    @Test
    void twoClassBrierIsTwiceTheBinaryOne() {
        double[][] rows = new double[CONFIDENCE.length][];
        int[] gold = new int[CONFIDENCE.length];
        for (int n = 0; n < rows.length; n++) {
            rows[n] = new double[] {1 - CONFIDENCE[n], CONFIDENCE[n]};
            gold[n] = CORRECT[n] ? 1 : 0;
        }
        assertThat(Calibration.brier(rows, gold)).isCloseTo(2 * .21875, within(EXACT));
    }

    @Test
    void ofNothingIsUndefined() {
        Calibration calibration = Calibration.of(new double[0][], new int[0], 3);
        assertThat(calibration.ece()).isNaN();
        assertThat(calibration.mce()).isNaN();
        assertThat(calibration.brier()).isNaN();
        assertThat(calibration.nll()).isNaN();
        assertThat(calibration.bins()).hasSize(3);
        assertThat(Calibration.binaryBrier(new double[0], new boolean[0])).isNaN();
    }

    @Test
    void aGoldLabelOfProbabilityZeroIsInfinitelyUnlikely() {
        assertThat(Calibration.negativeLogLikelihood(new double[][] {{0, 1}}, new int[] {0}))
                .isInfinite();
    }

    @Test
    void aFloatSoftmaxMayExceedOneByRounding() {
        Calibration calibration = Calibration.of(new double[][] {{1.0000001, 0}}, new int[] {0}, 10);
        assertThat(calibration.bins().get(9).count()).isEqualTo(1);
        assertThat(calibration.ece()).isZero();
    }

    @Test
    void refusesWhatIsNoDistribution() {
        int[] zero = {0};
        assertThatThrownBy(() -> Calibration.of(new double[][] {{2, -1}}, zero, 10))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("calibration: expected a probability in [0, 1], got 2.0 in row 0, class 0");
        assertThatThrownBy(() -> Calibration.brier(new double[][] {{.5, Double.NaN}}, zero))
                .hasMessage("brier: expected a probability in [0, 1], got NaN in row 0, class 1");
        assertThatThrownBy(() -> Calibration.of(new double[][] {{.5, .25}}, zero, 10))
                .hasMessage("calibration: expected probabilities that sum to 1, got 0.75 in row 0");
        assertThatThrownBy(() -> Calibration.of(new double[][] {{1, 0}}, new int[] {2}, 10))
                .hasMessage("calibration: expected a gold label in 0 to 1, got 2 in row 0");
        assertThatThrownBy(() -> Calibration.of(new double[][] {{1, 0}}, new int[2], 10))
                .hasMessage("calibration: expected as many rows of probabilities as gold labels (2), got 1");
        assertThatThrownBy(() -> Calibration.of(new double[][] {{1, 0}}, zero, 0))
                .hasMessage("calibration: expected at least 1 bin, got 0");
        assertThatThrownBy(() -> Calibration.reliability(new double[] {1.5}, new boolean[1], 10))
                .hasMessage("calibration: expected a confidence in [0, 1], got 1.5 at index 0");
        assertThatThrownBy(() -> Calibration.binaryBrier(new double[1], new boolean[2]))
                .hasMessage("calibration: expected as many confidences as outcomes (2), got 1");
    }

    private static double ece(int bins) {
        return Calibration.expectedError(Calibration.reliability(CONFIDENCE, CORRECT, bins));
    }
}
