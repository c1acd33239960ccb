package dev.chorus.math;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class QuantileTest {
    @Test
    void interpolatesBetweenNeighbours() {
        double[] values = {4, 1, 3, 2};
        assertThat(Quantile.of(values, 0)).isEqualTo(1);
        assertThat(Quantile.of(values, 1)).isEqualTo(4);
        assertThat(Quantile.of(values, 0.5)).isEqualTo(2.5);
        assertThat(Quantile.of(values, 0.9)).isCloseTo(3.7, within(1e-15));
        assertThat(values).containsExactly(4, 1, 3, 2);
        assertThat(Quantile.of(new double[] {7}, 0.3)).isEqualTo(7);
    }

    @Test
    void infinitiesStayOutOfOtherPositions() {
        assertThat(Quantile.of(new double[] {1, 2, Double.POSITIVE_INFINITY}, 0.5))
                .isEqualTo(2);
    }

    @Test
    void badInput() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quantile.of(new double[0], 0.5))
                .withMessage("quantile: expected at least one value, got none");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quantile.of(new double[] {1}, 1.5))
                .withMessageContaining("1.5");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quantile.of(new double[] {1, Double.NaN}, 0.5))
                .withMessageContaining("NaN");
    }
}
