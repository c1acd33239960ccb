package dev.chorus.aggregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class BestSingleTest {

    @Test
    void picksTheHighestScoreAndTheFirstOnTies() {
        assertThat(BestSingle.index(new double[] {.6, .7, .7, .65})).isEqualTo(1);
        assertThat(BestSingle.index(new double[] {.6})).isZero();
    }

    @Test
    void refusesUndefinedScores() {
        assertThatThrownBy(() -> BestSingle.index(new double[0]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("best single: expected at least one development score, got none");
        assertThatThrownBy(() -> BestSingle.index(new double[] {.5, Double.NaN}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("best single: expected a development score, got NaN for labeler 1");
    }
}
