package dev.chorus.aggregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.aggregate.methods.Ibcc;
import dev.chorus.aggregate.methods.Majority;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class GoldCheckTest {

    /** Labelers that say the first class too often: counts of labels are biased, corrected shares are not. */
    private static Simulation biased(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Simulation simulation = new Simulation(random, 4000, 5, .3, .7);
        for (int w = 0; w < 5; w++) {
            simulation.vote(random, w, new double[][] {{.95, .05}, {.45, .55}}, 1);
        }
        return simulation;
    }

    @Test
    void accuracyIsThatOfLabelsThatWereHeldOut() {
        Simulation simulation = biased(1);
        GoldCheck check = GoldCheck.of(new Majority(), simulation.votesWithGold(1000), 5);
        double real = simulation.accuracy(new Majority().fitPredict(simulation.votes()), 1000);
        assertThat(check.accuracy()).isCloseTo(real, within(.04));
        assertThat(check.accuracyInterval().low()).isLessThan(check.accuracy());
        assertThat(check.size()).isEqualTo(1000);
    }

    @Test
    void correctedSharesCoverTheTruth() {
        int inside = 0;
        for (int seed = 0; seed < 60; seed++) {
            Simulation simulation = biased(seed);
            GoldCheck check = GoldCheck.of(new Majority(), simulation.votesWithGold(200), 2);
            Interval interval = check.prevalenceInterval(0);
            inside += interval.low() <= .3 && .3 <= interval.high() ? 1 : 0;
        }
        // 95% of 60 is 57; below 52 lies one case in a hundred.
        assertThat(inside).isGreaterThanOrEqualTo(52);
        double naive = new Majority().fit(biased(1).votes()).classBalance().orElseThrow()[0];
        assertThat(naive).isGreaterThan(.5);
    }

    @Test
    void needsGold() {
        assertThatThrownBy(() -> GoldCheck.of(new Ibcc(), SmallVotes.golden(), 5))
                .hasMessageContaining("two gold tasks");
    }
}
