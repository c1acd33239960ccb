package dev.chorus.aggregate.labelers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.aggregate.votes.Votes;
import org.junit.jupiter.api.Test;

class GoldWeightsTest {

    private static final int[] RIGHT = {90, 60, 45};
    private static final int[] SEEN = {100, 100, 100};
    private static final double GOLDEN = 5e-9;

    @Test
    void weightsMatchGoldenValues() {
        assertThat(GoldWeights.accuracy(RIGHT, SEEN, 3))
                .containsExactly(new double[] {.88349515, .59223301, .44660194}, within(GOLDEN));
        assertThat(GoldWeights.accuracyPower(RIGHT, SEEN, 3, 2))
                .containsExactly(new double[] {.58655617, .26356424, .14987959}, within(GOLDEN));
        assertThat(GoldWeights.logOdds(RIGHT, SEEN, 3))
                .containsExactly(new double[] {2.71910004, 1.06635143, .47873731}, within(GOLDEN));
    }

    @Test
    void temperatureMatchesGoldenValues() {
        double[][] rows = {{.8, .2}, {.9, .1}, {.7, .3}, {.6, .4}};
        int[] gold = {0, 0, 1, 0};
        double temperature = GoldWeights.temperature(rows, gold);
        // The root of the slope in 40-digit arithmetic is .93114945433.
        assertThat(temperature).isCloseTo(.93114945433, within(5e-12));
        assertThat(GoldWeights.negativeLogLikelihood(rows, gold, temperature)).isCloseTo(.5102238037, within(5e-11));
        assertThat(GoldWeights.negativeLogLikelihood(rows, gold, 1)).isCloseTo(.5108256238, within(5e-11));
    }

    @Test
    void aLabelerThatIsAlwaysRightIsCooledToTheLimit() {
        assertThat(GoldWeights.temperature(new double[][] {{.6, .4}, {.3, .7}}, new int[] {0, 1}))
                .isBetween(.01, .011);
        assertThatThrownBy(() -> GoldWeights.temperature(new double[0][], new int[0]))
                .hasMessageContaining("at least one");
    }

    @Test
    void worseThanChanceWeighsNothing() {
        assertThat(GoldWeights.logOdds(new int[] {0, 1}, new int[] {10, 2}, 2)[0])
                .isZero();
        assertThatThrownBy(() -> GoldWeights.accuracy(new int[] {3}, new int[] {2}, 2))
                .hasMessageContaining("0 to 2");
    }

    /** A labeler that says .99 and is right in .8 of its answers is too sure; at its temperature it says about .8. */
    @Test
    void softVotesAreBroughtToTheirTemperature() {
        int n = 500;
        int[] task = new int[n];
        int[] worker = new int[n];
        int[] label = new int[n];
        int[] gold = new int[n];
        float[] probability = new float[n];
        for (int t = 0; t < n; t++) {
            task[t] = t;
            gold[t] = t % 2;
            label[t] = t % 5 == 0 ? 1 - gold[t] : gold[t];
            probability[t] = .99f;
        }
        Votes votes = Votes.of(n, 1, 2, task, worker, label)
                .withProbabilities(probability)
                .withGold(gold);
        double[] temperatures = GoldWeights.temperatures(votes);
        assertThat(temperatures[0]).isGreaterThan(2);
        assertThat(GoldWeights.tempered(votes, temperatures).probability(7)).isCloseTo(.8, within(1e-6));
    }
}
