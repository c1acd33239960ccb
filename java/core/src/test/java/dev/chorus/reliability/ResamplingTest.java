package dev.chorus.reliability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.torch.CounterRandom;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ResamplingTest {
    private static final CounterRandom RANDOM = CounterRandom.of(1, "resampling");

    @Test
    void withoutReplacementTakesEachRowOnce() {
        int[] drawn = Resampling.withoutReplacement(50, 20, RANDOM::uniform);
        assertThat(drawn).hasSize(20).doesNotHaveDuplicates();
        assertThat(Arrays.stream(drawn).allMatch(row -> row >= 0 && row < 50)).isTrue();
        assertThat(Resampling.withoutReplacement(5, 20, RANDOM::uniform)).containsExactlyInAnyOrder(0, 1, 2, 3, 4);
        assertThat(Resampling.withoutReplacement(50, 20, RANDOM::uniform)).containsExactly(drawn);
        assertThat(Resampling.withoutReplacement(0, 3, RANDOM::uniform)).isEmpty();
    }

    /** Every row is as likely to be among the drawn, and to come first. */
    @Test
    void withoutReplacementIsFair() {
        int rounds = 4000;
        int[] among = new int[6];
        int[] firsts = new int[6];
        for (int round = 0; round < rounds; round++) {
            CounterRandom random = CounterRandom.of(round, "fair");
            int[] drawn = Resampling.withoutReplacement(6, 2, random::uniform);
            firsts[drawn[0]]++;
            for (int row : drawn) {
                among[row]++;
            }
        }
        for (int row = 0; row < 6; row++) {
            // Five standard deviations of a binomial share.
            assertThat(among[row] / (double) rounds).isCloseTo(1 / 3.0, within(5 * Math.sqrt(2 / 9.0 / rounds)));
            assertThat(firsts[row] / (double) rounds).isCloseTo(1 / 6.0, within(5 * Math.sqrt(5 / 36.0 / rounds)));
        }
    }

    @Test
    void withReplacementRepeats() {
        int[] drawn = Resampling.withReplacement(3, 3000, RANDOM::uniform);
        for (int row = 0; row < 3; row++) {
            int each = row;
            assertThat(Arrays.stream(drawn).filter(d -> d == each).count() / 3000.0)
                    .isCloseTo(1 / 3.0, within(5 * Math.sqrt(2 / 9.0 / 3000)));
        }
    }

    @Test
    void weightedFollowsTheProbabilities() {
        double[] probabilities = {0, 3, 0, 1, 0};
        int[] drawn = Resampling.weighted(probabilities, 4000, RANDOM::uniform);
        long ones = Arrays.stream(drawn).filter(d -> d == 1).count();
        long threes = Arrays.stream(drawn).filter(d -> d == 3).count();
        assertThat(ones + threes).isEqualTo(4000);
        assertThat(ones / 4000.0).isCloseTo(.75, within(5 * Math.sqrt(3 / 16.0 / 4000)));
        // The ends of the interval.
        assertThat(Resampling.weighted(probabilities, 1, i -> 0)).containsExactly(1);
        assertThat(Resampling.weighted(probabilities, 1, i -> Math.nextDown(1.0)))
                .containsExactly(3);
    }

    @Test
    void badInput() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Resampling.withReplacement(0, 1, RANDOM::uniform))
                .withMessageContaining("got 0 rows and 1 draws");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Resampling.weighted(new double[] {0, 0}, 1, RANDOM::uniform))
                .withMessageContaining("above 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Resampling.weighted(new double[] {1, Double.NaN}, 1, RANDOM::uniform))
                .withMessageContaining("row 1");
    }
}
