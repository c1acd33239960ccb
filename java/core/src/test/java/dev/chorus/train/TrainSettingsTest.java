package dev.chorus.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainSettingsTest {
    @Test
    void stepsCountTheShortLastBatch() {
        TrainSettings settings = new TrainSettings(3, 8, 1e-3, 0, 0, 0);
        assertThat(settings.stepsPerEpoch(16)).isEqualTo(2);
        assertThat(settings.stepsPerEpoch(17)).isEqualTo(3);
        assertThat(settings.stepsPerEpoch(1)).isEqualTo(1);
        assertThat(settings.steps(17)).isEqualTo(9);
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
