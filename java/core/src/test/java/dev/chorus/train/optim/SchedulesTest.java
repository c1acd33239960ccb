package dev.chorus.train.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchedulesTest {
    private static final double ROUNDING = 1e-15;

    /** Ten warm-up steps of a hundred: the middle of step i stands at i + 1/2. */
    @Test
    void linearRisesThenFallsToZero() {
        Schedule linear = Schedules.ALL.get("linear", "");
        assertThat(linear.at(0, 100, 0.1)).isCloseTo(0.05, within(ROUNDING));
        assertThat(linear.at(9, 100, 0.1)).isCloseTo(0.95, within(ROUNDING));
        assertThat(linear.at(10, 100, 0.1)).isCloseTo(89.5 / 90, within(ROUNDING));
        assertThat(linear.at(99, 100, 0.1)).isCloseTo(0.5 / 90, within(ROUNDING));
        for (int step = 1; step < 100; step++) {
            double change = linear.at(step, 100, 0.1) - linear.at(step - 1, 100, 0.1);
            assertThat(Math.signum(change)).as("step %d", step).isEqualTo(step <= 10 ? 1 : -1);
        }
    }

    @Test
    void constantAndCosine() {
        Schedule constant = Schedules.ALL.get("constant", "");
        assertThat(constant.at(4, 100, 0.1)).isCloseTo(0.45, within(ROUNDING));
        assertThat(constant.at(10, 100, 0.1)).isEqualTo(1);
        assertThat(constant.at(99, 100, 0.1)).isEqualTo(1);
        Schedule cosine = Schedules.ALL.get("cosine", "");
        // Half of the fall is over in the middle of it.
        assertThat(cosine.at(49, 99, 0)).isCloseTo(0.5, within(ROUNDING));
        assertThat(cosine.at(0, 100, 0)).isCloseTo((1 + Math.cos(Math.PI * 0.005)) / 2, within(ROUNDING));
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "0, 10", "0.5, 3", "1, 10", "1, 1", "0.99, 7"})
    void aRateStaysAboveZeroAndBelowItsPeak(double warmup, int steps) {
        for (Schedule schedule : Schedules.ALL.all()) {
            for (int step = 0; step < steps; step++) {
                assertThat(schedule.at(step, steps, warmup))
                        .as(schedule.name())
                        .isPositive()
                        .isLessThanOrEqualTo(1);
            }
        }
    }

    @Test
    void anUnknownOneListsThoseThatExist() {
        assertThatThrownBy(() -> Schedules.ALL.get("linea", "run.yaml: train.schedule"))
                .isInstanceOf(ConfigException.class)
                .hasMessage(
                        "run.yaml: train.schedule: there is no schedule 'linea'; there are linear, constant, cosine");
    }
}
