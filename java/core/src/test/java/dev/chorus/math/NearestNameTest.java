package dev.chorus.math;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestNameTest {
    private static final List<String> COMMANDS = List.of("run", "score", "generate", "inspect", "doctor");
    private static final List<String> KEYS =
            List.of("epochs", "batch", "learning_rate", "weight_decay", "warmup", "clip");

    @ParameterizedTest
    @CsvSource({
        "rnu, run",
        "ru, run",
        "runn, run",
        "RUN, run",
        "scor, score",
        "genrate, generate",
        "inpsect, inspect",
        "docter, doctor"
    })
    void aSlipIsForgiven(String typed, String meant) {
        assertThat(NearestName.of(typed, COMMANDS)).contains(meant);
    }

    @ParameterizedTest
    @CsvSource({
        "epoch, epochs",
        "bacth, batch",
        "learnig_rate, learning_rate",
        "learningrate, learning_rate",
        "wamup, warmup"
    })
    void keysToo(String typed, String meant) {
        assertThat(NearestName.of(typed, KEYS)).contains(meant);
    }

    @ParameterizedTest
    @CsvSource({"walk", "x", "optimizer", "decay", "rum-runner"})
    void whatIsFarIsNotGuessed(String typed) {
        assertThat(NearestName.of(typed, COMMANDS)).isEmpty();
        assertThat(NearestName.of(typed, KEYS)).isEmpty();
        assertThat(NearestName.hint(typed, KEYS)).isEmpty();
    }

    @Test
    void theNearestIsTakenAndOfEqualsTheFirst() {
        assertThat(NearestName.of("--seed", List.of("--set", "--seeds"))).contains("--seeds");
        assertThat(NearestName.of("bat", List.of("cat", "hat"))).contains("cat");
        assertThat(NearestName.of("", List.of("a", "b"))).contains("a");
        assertThat(NearestName.of("a", List.of())).isEmpty();
        assertThat(NearestName.hint("epoch", KEYS)).isEqualTo("; did you mean 'epochs'?");
    }
}
