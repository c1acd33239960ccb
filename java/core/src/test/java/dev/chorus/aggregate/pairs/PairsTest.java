package dev.chorus.aggregate.pairs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.aggregate.methods.FitSettings;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PairsTest {

    /** winner, loser, worker, whether the winner stood left; a = 0, b = 1, c = 2. */
    private static Comparisons nine() {
        return new Comparisons(
                3,
                3,
                new int[] {0, 0, 1, 1, 1, 2, 0, 2, 0},
                new int[] {1, 1, 0, 2, 2, 1, 2, 0, 2},
                new int[] {0, 0, 1, 0, 1, 2, 2, 1, 0},
                new boolean[] {true, true, false, true, false, true, true, true, true});
    }

    /**
     * crowd-kit's scores (commit 35f0661) of the same nine comparisons after ten rounds. With a tolerance it stops after the
     * second, because it compares the new scores with themselves.
     */
    @Test
    void bradleyTerryMatchesTheReference() {
        FitSettings ten = FitSettings.defaults().withIterations(10).withTolerance(0);
        Ranking ranking = new BradleyTerry(ten).fit(nine());
        assertThat(ranking.scores())
                .containsExactly(new double[] {.495485503598, .310257556528, .194256939874}, within(1e-11));
        double[] trace = ranking.trace().values();
        for (int i = 1; i < trace.length; i++) {
            assertThat(trace[i]).isGreaterThanOrEqualTo(trace[i - 1] - 1e-12);
        }
    }

    @Test
    void whoNeverWinsHasNoStrength() {
        Comparisons once = new Comparisons(2, 1, new int[] {0}, new int[] {1}, new int[] {0}, new boolean[] {true});
        assertThat(new BradleyTerry().fit(once).scores()).containsExactly(1, 0);
        Comparisons none = new Comparisons(2, 0, new int[0], new int[0], new int[0], new boolean[0]);
        assertThat(new BradleyTerry().fit(none).scores()).containsExactly(.5, .5);
        assertThat(new NoisyBradleyTerry().fit(none).scores()).containsExactly(new double[] {.5, .5}, within(1e-6));
    }

    /** Twelve things, eight labelers that look, four that answer by side. */
    @Test
    void labelersThatDoNotLookAreFound() {
        SplittableRandom random = new SplittableRandom(3);
        int items = 12;
        int workers = 12;
        int n = 6000;
        int[] winner = new int[n];
        int[] loser = new int[n];
        int[] worker = new int[n];
        boolean[] leftWon = new boolean[n];
        for (int c = 0; c < n; c++) {
            int left = random.nextInt(items);
            int right = (left + 1 + random.nextInt(items - 1)) % items;
            worker[c] = random.nextInt(workers);
            double p = worker[c] < 8 ? 1 / (1 + Math.exp(-.5 * (left - right))) : .9;
            leftWon[c] = random.nextDouble() < p;
            winner[c] = leftWon[c] ? left : right;
            loser[c] = leftWon[c] ? right : left;
        }
        Ranking ranking = new NoisyBradleyTerry().fit(new Comparisons(items, workers, winner, loser, worker, leftWon));
        assertThat(ranking.trace().converged()).isTrue();
        for (int i = 1; i < items; i++) {
            assertThat(ranking.scores()[i]).isGreaterThan(ranking.scores()[i - 1]);
        }
        for (int w = 0; w < workers; w++) {
            double skill = ranking.skills().get("skill")[w];
            assertThat(skill > .6).as("worker " + w + " " + skill).isEqualTo(w < 8);
        }
        assertThat(ranking.skills().get("bias")[9]).isCloseTo(.9, within(.06));
    }

    @Test
    void whatCannotBeIsRefused() {
        assertThatThrownBy(
                        () -> new Comparisons(2, 1, new int[] {0}, new int[] {0}, new int[] {0}, new boolean[] {true}))
                .hasMessageContaining("two different items");
        assertThatThrownBy(() -> new Comparisons(2, 1, new int[] {0}, new int[0], new int[] {0}, new boolean[1]))
                .hasMessageContaining("one length");
    }
}
