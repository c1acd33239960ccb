package dev.chorus.aggregate.labelers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.aggregate.Simulation;
import dev.chorus.aggregate.SmallVotes;
import dev.chorus.aggregate.votes.Votes;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class DependenceTest {

    private static boolean[] errors(String text) {
        boolean[] errors = new boolean[text.length()];
        for (int i = 0; i < errors.length; i++) {
            errors[i] = text.charAt(i) == '1';
        }
        return errors;
    }

    @Test
    void effectiveLabelersMatchGoldenValues() {
        assertThat(ErrorCorrelation.effectiveLabelers(5, .346)).isCloseTo(2.09731544, within(5e-9));
        assertThat(ErrorCorrelation.effectiveLabelers(16, .43)).isCloseTo(2.14765101, within(5e-9));
        ErrorCorrelation three =
                ErrorCorrelation.of(new boolean[][] {errors("10010010"), errors("10010100"), errors("01000001")});
        assertThat(three.of(0, 1)).isCloseTo(.46666667, within(5e-9));
        assertThat(three.of(0, 2)).isCloseTo(-.4472136, within(5e-8));
        assertThat(three.of(1, 2)).isCloseTo(-.4472136, within(5e-8));
        assertThat(three.effectiveLabelers()).isCloseTo(4.19682366, within(5e-9));
        assertThat(ErrorCorrelation.effectiveLabelers(2, -1)).isInfinite();
    }

    @Test
    void expectedAgreementMatchesGoldenValue() {
        double[][] truth = {{.9, .1}, {.2, .8}, {.6, .4}};
        double[][] first = {{10 / 13.0, 3 / 13.0}, {2 / 13.0, 11 / 13.0}};
        double[][] third = {{9 / 13.0, 4 / 13.0}, {3 / 13.0, 10 / 13.0}};
        assertThat(ExpectedAgreement.of(truth, first, third)).isCloseTo(.63944773, within(5e-9));
    }

    @Test
    void krippendorffMatchesHandMadeValues() {
        // 00 and 11 and 01: D_o = 2 / 6, D_e = 18 / 30.
        assertThat(Krippendorff.alpha(SmallVotes.rows(2, "00", "11", "01")))
                .isCloseTo(1 - (2 / 6.0) / (18 / 30.0), within(1e-12));
        assertThat(Krippendorff.alpha(SmallVotes.rows(2, "00", "11"))).isEqualTo(1);
        assertThat(Krippendorff.alpha(SmallVotes.rows(2, "00", "00"))).isNaN();
        assertThat(Krippendorff.alpha(SmallVotes.rows(2, "0.", ".1"))).isNaN();
    }

    @Test
    void errorsThatShareACauseAreCorrelated() {
        SplittableRandom random = new SplittableRandom(3);
        Simulation simulation = new Simulation(random, 5000, 6, .5, .5);
        for (int w = 0; w < 6; w++) {
            simulation.vote(random, w, .75);
        }
        simulation.copy(random, 1, 0, .6, .75);
        Votes votes = simulation.votesWithGold(5000);
        ErrorCorrelation onGold = ErrorCorrelation.onGold(votes);
        assertThat(onGold.isOnGold()).isTrue();
        assertThat(onGold.of(0, 1)).isCloseTo(.6, within(.05));
        assertThat(onGold.of(2, 3)).isCloseTo(0, within(.05));
        double[] accuracy = new double[6];
        GoldWeights.Counts counts = GoldWeights.counts(votes);
        for (int w = 0; w < 6; w++) {
            accuracy[w] = (double) counts.right()[w] / counts.seen()[w];
        }
        ErrorCorrelation known = ErrorCorrelation.fromAccuracies(votes, accuracy);
        for (int i = 0; i < 6; i++) {
            for (int j = 0; j < i; j++) {
                assertThat(known.of(i, j)).isCloseTo(onGold.of(i, j), within(1e-9));
            }
        }
        ErrorCorrelation without = ErrorCorrelation.withoutGold(votes);
        assertThat(without.of(0, 1)).isGreaterThan(.4);
        assertThat(without.isOnGold()).isFalse();
    }

    @Test
    void copiesAreFoundWithoutGold() {
        for (int seed = 0; seed < 10; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Simulation simulation = new Simulation(random, 2000, 5, .4, .3, .3);
            simulation.vote(random, 0, .8).vote(random, 1, .8).vote(random, 2, .45);
            simulation.copy(random, 3, 2, .95, .45).copy(random, 4, 2, .95, .45);
            Clones clones = Clones.find(simulation.votes());
            assertThat(clones.groups()).as("seed " + seed).hasSize(1);
            assertThat(clones.groups().get(0).members()).isEqualTo(List.of(2, 3, 4));
            assertThat(clones.weights()[0]).isEqualTo(1);
            assertThat(clones.weights()[2]).isCloseTo(1 / 2.9, within(.06));
        }
    }

    @Test
    void goldTellsCopiesFromExperts() {
        for (int seed = 0; seed < 10; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Simulation simulation = new Simulation(random, 2000, 5, .4, .3, .3);
            simulation.vote(random, 0, .8).vote(random, 1, .8).vote(random, 2, .45);
            simulation.copy(random, 3, 2, .95, .45).copy(random, 4, 2, .95, .45);
            Clones clones = Clones.find(simulation.votesWithGold(100));
            assertThat(clones.groups()).as("seed " + seed).hasSize(1);
            assertThat(clones.groups().get(0).members()).isEqualTo(List.of(2, 3, 4));
        }
    }

    @Test
    void independentLabelersAreNoClones() {
        for (int seed = 0; seed < 20; seed++) {
            SplittableRandom random = new SplittableRandom(100 + seed);
            int workers = 3 + random.nextInt(10);
            Simulation simulation = new Simulation(random, 1000, workers, .6, .4);
            for (int w = 0; w < workers; w++) {
                simulation.vote(random, w, .55 + .44 * random.nextDouble());
            }
            assertThat(Clones.find(simulation.votes()).groups())
                    .as("seed " + seed)
                    .isEmpty();
            assertThat(Clones.find(simulation.votesWithGold(200)).groups())
                    .as("seed " + seed)
                    .isEmpty();
        }
    }

    @Test
    void expertsAreNoClones() {
        SplittableRandom random = new SplittableRandom(8);
        Simulation simulation = new Simulation(random, 3000, 7, .5, .5);
        for (int w = 0; w < 7; w++) {
            simulation.vote(random, w, w < 4 ? .98 : .65);
        }
        assertThat(Clones.find(simulation.votes()).groups()).isEmpty();
    }

    @Test
    void whatCannotBeToldIsNotClaimed() {
        assertThat(Clones.find(SmallVotes.golden()).groups()).isEmpty();
        assertThat(Clones.find(SmallVotes.rows(1, "00")).groups()).isEmpty();
        assertThatThrownBy(() -> new Clones.Settings(0, .5, 30)).hasMessageContaining("z above 0");
        assertThatThrownBy(() -> ErrorCorrelation.onGold(SmallVotes.golden())).hasMessageContaining("no gold");
    }
}
