package dev.chorus.aggregate.online;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.Simulation;
import dev.chorus.aggregate.SmallVotes;
import dev.chorus.aggregate.methods.FitSettings;
import dev.chorus.aggregate.methods.Ibcc;
import dev.chorus.aggregate.methods.Majority;
import dev.chorus.aggregate.votes.Votes;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class OnlineTest {

    private static final Ibcc.Settings EXACT = Ibcc.Settings.defaults()
            .withStrength(0)
            .with(FitSettings.defaults().withIterations(500).withTolerance(0));

    private static Simulation some(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Simulation simulation = new Simulation(random, 400, 6, .5, .3, .2);
        for (int w = 0; w < 6; w++) {
            simulation.vote(random, w, Simulation.coin(3, .55 + .06 * w), .8);
        }
        return simulation;
    }

    @Test
    void majorityTakesOneVoteAfterAnother() {
        Votes votes = SmallVotes.golden();
        Aggregation fit = new Majority().fit(votes);
        OnlineMajority online = new OnlineMajority(2);
        for (int t = votes.tasks() - 1; t >= 0; t--) {
            for (int v = votes.start(t); v < votes.start(t + 1); v++) {
                online.add(t, votes.label(v));
            }
        }
        for (int t = 0; t < votes.tasks(); t++) {
            assertThat(online.shares(t)).containsExactly(fit.posteriors().row(t));
        }
        assertThat(online.shares(99)).containsExactly(.5, .5);
        assertThatThrownBy(() -> online.add(0, 2)).hasMessageContaining("below 2");
    }

    @Test
    void sweepsLeadWhereAFullFitLeads() {
        Votes votes = some(1).votes();
        Aggregation fit = new Ibcc(EXACT).fit(votes);
        OnlineIbcc online = OnlineIbcc.of(votes, EXACT);
        for (int i = 0; i < 300; i++) {
            online.sweep();
        }
        for (int t = 0; t < votes.tasks(); t++) {
            assertThat(online.posterior(t)).containsExactly(fit.posteriors().row(t), within(1e-4));
        }
        assertThat(online.confusions().probability(5, 0, 0))
                .isCloseTo(fit.confusions().orElseThrow().probability(5, 0, 0), within(1e-4));
        assertThat(online.confusions().interval(5, 0, 0, .9).low())
                .isLessThan(online.confusions().probability(5, 0, 0));
    }

    @Test
    void aStreamOfVotesEndsNearTheFullFit() {
        Votes votes = some(2).votes();
        OnlineIbcc online = new OnlineIbcc(3, EXACT);
        for (int t = 0; t < votes.tasks(); t++) {
            for (int v = votes.start(t); v < votes.start(t + 1); v++) {
                online.add(t, votes.worker(v), votes.label(v));
            }
        }
        for (int i = 0; i < 100; i++) {
            online.sweep();
        }
        int same = 0;
        int[] full = new Ibcc(EXACT).fitPredict(votes);
        for (int t = 0; t < votes.tasks(); t++) {
            double[] p = online.posterior(t);
            int label = p[0] >= p[1] && p[0] >= p[2] ? 0 : p[1] >= p[2] ? 1 : 2;
            same += label == full[t] ? 1 : 0;
        }
        assertThat(same).isGreaterThan(380);
    }

    @Test
    void oneVoteMovesItsTaskAndGoldAnchorsIt() {
        Votes votes = some(3).votes();
        OnlineIbcc online = OnlineIbcc.of(votes, EXACT);
        double[] before = online.posterior(7);
        int next = votes.workers();
        online.add(7, next, 2);
        assertThat(online.posterior(7)[2]).isGreaterThan(before[2]);
        online.anchor(7, 0);
        assertThat(online.posterior(7)).containsExactly(1, 0, 0);
        online.anchor(7, Votes.MISSING);
        assertThat(online.posterior(7)[0]).isLessThan(1);
        assertThatThrownBy(() -> online.add(7, next, 2)).hasMessageContaining("votes twice");
        assertThatThrownBy(() -> online.add(7, 0, 3)).hasMessageContaining("below 3");
    }
}
