package dev.chorus.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainSettingsTest {
    private static final double ROUNDING = 1e-15;

    @Test
    void stepsCountTheShortLastBatch() {
        TrainSettings settings = new TrainSettings(3, 8, 1e-3, 0, 0, 0);
        assertThat(settings.stepsPerEpoch(16)).isEqualTo(2);
        assertThat(settings.stepsPerEpoch(17)).isEqualTo(3);
        assertThat(settings.stepsPerEpoch(1)).isEqualTo(1);
        assertThat(settings.steps(17)).isEqualTo(9);
    }

    /** Ten warm-up steps of a hundred: the middle of step i stands at i + 1/2. */
    @Test
    void rateRisesThenFallsToZero() {
        TrainSettings settings = new TrainSettings(1, 1, 2, 0, 0.1, 0);
        assertThat(settings.learningRate(0, 100)).isCloseTo(2 * 0.05, within(ROUNDING));
        assertThat(settings.learningRate(9, 100)).isCloseTo(2 * 0.95, within(ROUNDING));
        assertThat(settings.learningRate(10, 100)).isCloseTo(2 * 89.5 / 90, within(ROUNDING));
        assertThat(settings.learningRate(99, 100)).isCloseTo(2 * 0.5 / 90, within(ROUNDING));
        for (int step = 1; step < 100; step++) {
            double change = settings.learningRate(step, 100) - settings.learningRate(step - 1, 100);
            assertThat(Math.signum(change)).as("step %d", step).isEqualTo(step <= 10 ? 1 : -1);
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "0, 10", "0.5, 3", "1, 10", "1, 1", "0.99, 7"})
    void rateStaysAboveZeroAndBelowItsPeak(double warmup, int steps) {
        TrainSettings settings = new TrainSettings(1, 1, 0.5, 0, warmup, 0);
        for (int step = 0; step < steps; step++) {
            assertThat(settings.learningRate(step, steps)).isPositive().isLessThanOrEqualTo(0.5);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1, 1, 0, 0, 0, epochs",
        "1, 0, 1, 0, 0, 0, batch",
        "1, 1, 0, 0, 0, 0, learning_rate",
        "1, 1, NaN, 0, 0, 0, learning_rate",
        "1, 1, 10, 0, 0, 0, learning_rate",
        "1, 1, 1, -0.1, 0, 0, weight_decay",
        "1, 1, 1, NaN, 0, 0, weight_decay",
        "1, 1, 1, 0, 1.1, 0, warmup",
        "1, 1, 1, 0, -0.1, 0, warmup",
        "1, 1, 1, 0, 0, -1, clip",
        "1, 1, 1, 0, 0, NaN, clip"
    })
    void refusesByKey(int epochs, int batch, double rate, double decay, double warmup, double clip, String key) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TrainSettings(epochs, batch, rate, decay, warmup, clip))
                .withMessageStartingWith(key + ": expected ");
    }
}
