package dev.chorus.aggregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class SoftAverageTest {

    private static final double[][] LABELS = {{.9, .05, .05}, {.6, .3, .1}, {.2, .7, .1}};
    private static final double[] LAMBDA = {.25, .25, .5};

    /** A handful of roundings of numbers below 1. */
    private static final double EXACT = 1e-15;
    /** The golden value carries ten decimals. */
    private static final double GOLDEN = 5e-11;

    @Test
    void weighsTheLabels() {
        assertThat(SoftAverage.of(LABELS, LAMBDA).orElseThrow())
                .containsExactly(new double[] {.475, .4375, .0875}, within(EXACT));
        assertThat(SoftAverage.of(LABELS).orElseThrow())
                .containsExactly(new double[] {1.7 / 3, 1.05 / 3, .25 / 3}, within(EXACT));
    }

    @Test
    void crossEntropyAgainstTheMeanIsTheWeightedCrossEntropy() {
        double[] z = {1, 0, -1};
        double logSumExp = Math.log(Math.exp(1) + 1 + Math.exp(-1));
        double[] mean = SoftAverage.of(LABELS, LAMBDA).orElseThrow();
        double ofMean = 0;
        double weighted = 0;
        for (int k = 0; k < z.length; k++) {
            ofMean += mean[k] * (logSumExp - z[k]);
            for (int w = 0; w < LABELS.length; w++) {
                weighted += LAMBDA[w] * LABELS[w][k] * (logSumExp - z[k]);
            }
        }
        assertThat(ofMean).isCloseTo(weighted, within(EXACT));
        assertThat(ofMean).isCloseTo(1.0201059644, within(GOLDEN));
    }

    @Test
    void missingAnswersHandTheirWeightToTheOthers() {
        double[][] labels = {LABELS[0], null, LABELS[2]};
        assertThat(SoftAverage.of(labels, LAMBDA).orElseThrow())
                .containsExactly(new double[] {1.3 / 3, 1.45 / 3, .25 / 3}, within(EXACT));
    }

    @Test
    void noAnswerWhereNobodyAnswered() {
        assertThat(SoftAverage.of(new double[3][], LAMBDA)).isEmpty();
        assertThat(SoftAverage.of(new double[][] {null, {1, 0}}, new double[] {1, 0}))
                .isEmpty();
    }

    @Test
    void leavesItsInputsAlone() {
        double[][] labels = {{.5, .5}, {1, 0}};
        double[] lambda = {.5, .5};
        SoftAverage.of(labels, lambda).orElseThrow()[0] = 7;
        assertThat(labels).isDeepEqualTo(new double[][] {{.5, .5}, {1, 0}});
        assertThat(lambda).containsExactly(.5, .5);
    }

    @Test
    void refusesWhatIsOutOfRange() {
        assertThatThrownBy(() -> SoftAverage.of(LABELS, new double[] {.5, .5, .5}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("soft average: expected weights that sum to 1, got [0.5, 0.5, 0.5], which sum to 1.5");
        assertThatThrownBy(() -> SoftAverage.of(LABELS, new double[] {1}))
                .hasMessage("soft average: expected 3 weights, one a labeler, got 1");
        assertThatThrownBy(() -> SoftAverage.of(new double[][] {{1, 0}, {1}}))
                .hasMessage("soft average: expected soft labels over 2 classes, got 1 from labeler 1");
        assertThatThrownBy(() -> SoftAverage.of(new double[][] {{.5, .75}}))
                .hasMessage("soft average: expected a soft label that sums to 1, got 1.25 from labeler 0");
        assertThatThrownBy(() -> SoftAverage.of(new double[][] {{1, Double.NaN}}))
                .hasMessage("soft average: expected probabilities of at least 0, got NaN from labeler 0 for class 1");
        assertThatThrownBy(() -> SoftAverage.of(new double[0][]))
                .hasMessage("labeler weights: expected at least 1 labeler, got 0");
    }
}
