package dev.chorus.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chorus.math.Argmax;
import org.junit.jupiter.api.Test;

class AccuracyTest {

    @Test
    void countsEqualLabels() {
        assertThat(Accuracy.of(new int[] {0, 1, 2, 2}, new int[] {0, 1, 2, 0})).isEqualTo(0.75);
    }

    @Test
    void takesTheMostProbableLabelAndTheLowestOnTies() {
        double[][] probabilities = {{.7, .2, .1}, {.1, .6, .3}, {.3, .3, .4}};
        assertThat(Accuracy.of(probabilities, new int[] {0, 2, 2})).isEqualTo(2.0 / 3);
        assertThat(Accuracy.of(new double[][] {{.5, .5}}, new int[] {0})).isEqualTo(1);
        assertThat(Accuracy.of(new double[][] {{.5, .5}}, new int[] {1})).isZero();
    }

    @Test
    void ofNothingIsUndefined() {
        assertThat(Accuracy.of(new int[0], new int[0])).isNaN();
        assertThat(Accuracy.of(new double[0][], new int[0])).isNaN();
    }

    @Test
    void refusesShapesThatDisagree() {
        assertThatThrownBy(() -> Accuracy.of(new int[2], new int[3]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("accuracy: expected as many predictions as gold labels (3), got 2");
        assertThatThrownBy(() -> Accuracy.of(new double[][] {{1, 0}, {1}}, new int[] {0, 0}))
                .hasMessage("accuracy: expected 2 classes in every row, got 1 in row 1");
    }

    @Test
    void argmaxRefusesNothingAndNaN() {
        assertThatThrownBy(() -> Argmax.of(new double[0]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("argmax: expected at least one value, got none");
        assertThatThrownBy(() -> Argmax.of(new double[] {1, Double.NaN}))
                .hasMessage("argmax: expected numbers, got NaN at index 1");
        assertThat(Argmax.of(new double[] {Double.NEGATIVE_INFINITY, -1, 3, 3})).isEqualTo(2);
    }
}
