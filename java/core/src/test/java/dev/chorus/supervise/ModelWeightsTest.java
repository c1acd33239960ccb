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
    private static final double TEN_DIGITS = 6e-11;
    private static final double EIGHT_DIGITS = 6e-9;

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
    void weightsFromGold() {
        double[] accuracies = GoldWeights.accuracies(new int[] {90, 60, 45}, 100, 3);
        assertThat(accuracies).containsExactly(new double[] {.88349515, .59223301, .44660194}, within(EIGHT_DIGITS));
        double[] lambda = GoldWeights.accuracyPower(accuracies, GoldWeights.DEFAULT_POWER);
        assertThat(lambda).containsExactly(new double[] {.58655617, .26356424, .14987959}, within(EIGHT_DIGITS));
        double[] label = new double[3];
        for (int i = 0; i < 3; i++) {
            for (int k = 0; k < 3; k++) {
                label[k] += lambda[i] * WEAK[i][k];
            }
        }
        assertThat(label).containsExactly(new double[] {.71601502, .21331279, .07067219}, within(EIGHT_DIGITS));
        assertThat(GoldWeights.logOdds(accuracies, 3))
                .containsExactly(new double[] {2.71910004, 1.06635143, .47873731}, within(EIGHT_DIGITS));
        double[] weights = GoldWeights.logOddsWeights(accuracies, 3);
        assertThat(Arrays.stream(weights).sum()).isCloseTo(1, within(1e-15));
        assertThat(weights[0] / weights[1]).isCloseTo(2.71910004 / 1.06635143, within(1e-7));
        // Nobody is better than chance.
        assertThat(GoldWeights.logOddsWeights(new double[] {.2, .3}, 3)).containsExactly(.5, .5);
    }

    @Test
    void temperatureFromGold() {
        double[][] rows = {{.8, .2}, {.9, .1}, {.7, .3}, {.6, .4}};
        int[] gold = {0, 0, 1, 0};
        double temperature = GoldWeights.temperature(rows, gold);
        assertThat(temperature).isCloseTo(.93114946, within(EIGHT_DIGITS));
        assertThat(GoldWeights.nll(rows, gold, temperature)).isCloseTo(.5102238037, within(TEN_DIGITS));
        assertThat(GoldWeights.nll(rows, gold, 1)).isCloseTo(.5108256238, within(TEN_DIGITS));
        // A labeler that is always right, and one that is always wrong.
        assertThat(GoldWeights.temperature(rows, new int[] {0, 0, 0, 0})).isEqualTo(1e-2);
        assertThat(GoldWeights.temperature(rows, new int[] {1, 1, 1, 1})).isEqualTo(1e2);
        assertThat(GoldWeights.tempered(new double[] {1, 0}, 1)[0]).isCloseTo(1, within(2e-12));
    }
}
