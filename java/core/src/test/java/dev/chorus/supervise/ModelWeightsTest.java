package dev.chorus.supervise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.supervise.ModelWeights.Preset;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ModelWeightsTest {
    private static final double EIGHT_DIGITS = 5e-9 + 1e-14;

    private static final double[][] WEAK = {{.9, .05, .05}, {.6, .3, .1}, {.2, .7, .1}};

    @ParameterizedTest
    @EnumSource(Preset.class)
    void presetsSumToOne(Preset preset) {
        for (int models : new int[] {3, 5}) {
            double[] weights = preset.of(models);
            assertThat(weights).hasSize(models);
            ModelWeights.requireSumOne("preset", weights);
        }
        assertThat(Preset.LOSSES.of(3)).containsExactly(.25, .25, .5);
        assertThat(Preset.JOINT.of(4)).containsExactly(.4, .2, .2, .2);
        assertThat(Preset.PREFERENCES.of(3)).containsExactly(.3, .3, .4);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> preset.of(7))
                .withMessageContaining("not for 7")
                .withMessageContaining("exist for 3");
    }

    @Test
    void dynamicWeightsFollowTheScores() {
        assertThat(ModelWeights.dynamic(new double[] {-1, -1 - Math.log(3)}))
                .containsExactly(new double[] {.75, .25}, within(1e-15));
        assertThat(ModelWeights.dynamic(new double[] {-1e4, Double.NaN, -1e4})).containsExactly(.5, 0, .5);
        assertThatIllegalArgumentException().isThrownBy(() -> ModelWeights.dynamic(new double[] {Double.NaN}));
    }

    @Test
    void missingAnswersAreSharedOut() {
        double[] lambda = {.25, .25, .5};
        assertThat(ModelWeights.renormalise(lambda, new boolean[] {true, false, true}))
                .containsExactly(new double[] {1 / 3.0, 0, 2 / 3.0}, within(1e-15));
        assertThat(ModelWeights.renormalise(lambda, new boolean[3])).containsOnly(0);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ModelWeights.requireSumOne("lambda", new double[] {.5, .4}))
                .withMessage("lambda: expected weights that sum to 1, got [0.5, 0.4], which sum to 0.9");
    }

    @Test
    void weightsFromScoresOnGold() {
        // Smoothed accuracies of 90, 60 and 45 right answers to 100 questions with 3 classes.
        double[] scores = {91 / 103.0, 61 / 103.0, 46 / 103.0};
        double[] lambda = ModelWeights.power(scores, 2);
        assertThat(lambda).containsExactly(new double[] {.58655617, .26356424, .14987959}, within(EIGHT_DIGITS));
        double[] label = new double[3];
        for (int i = 0; i < 3; i++) {
            for (int k = 0; k < 3; k++) {
                label[k] += lambda[i] * WEAK[i][k];
            }
        }
        assertThat(label).containsExactly(new double[] {.71601502, .21331279, .07067219}, within(EIGHT_DIGITS));
        double[] odds = {2.71910004, 1.06635143, .47873731};
        double sum = Arrays.stream(odds).sum();
        double[] weights = ModelWeights.logOdds(scores, 3);
        for (int i = 0; i < 3; i++) {
            assertThat(weights[i] * sum).isCloseTo(odds[i], within(2 * EIGHT_DIGITS));
        }
        assertThat(ModelWeights.power(scores, 0)).containsExactly(ModelWeights.mean(3));
        // Nobody is better than chance.
        assertThat(ModelWeights.logOdds(new double[] {.2, .3}, 3)).containsExactly(.5, .5);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ModelWeights.power(new double[] {0, 0}, 2))
                .withMessageContaining("above 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ModelWeights.logOdds(new double[] {.5, 1}, 2))
                .withMessageContaining("below 1");
    }
}
