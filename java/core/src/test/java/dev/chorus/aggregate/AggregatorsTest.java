package dev.chorus.aggregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chorus.aggregate.votes.Votes;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AggregatorsTest {

    /** An aggregator of the tests: the first vote wins. */
    private record FirstVote(int shift) implements LabelAggregator {
        @Override
        public String name() {
            return "first-vote";
        }

        @Override
        public Aggregation fit(Votes votes) {
            Support support = Support.all(votes);
            double[] values = new double[votes.tasks() * votes.classes()];
            for (int t = 0; t < votes.tasks(); t++) {
                values[t * votes.classes() + (votes.label(votes.start(t)) + shift) % votes.classes()] = 1;
            }
            return Aggregation.of(name(), votes, new Posteriors(support, values))
                    .build();
        }
    }

    @Test
    void oneLineAddsOne() {
        Aggregators more = Aggregators.standard().with("first-vote", o -> new FirstVote(o.integer("shift", 0)));
        assertThat(more.make("first-vote").fitPredict(SmallVotes.golden())).containsExactly(0, 0, 1, 1, 0, 1);
        assertThat(more.make("first-vote", Map.of("shift", "1")).fitPredict(SmallVotes.golden()))
                .containsExactly(1, 1, 0, 0, 1, 0);
        assertThatThrownBy(() -> more.with("majority", o -> new FirstVote(0))).hasMessageContaining("already");
    }

    @Test
    void whatIsUnknownIsAnErrorThatListsWhatExists() {
        assertThatThrownBy(() -> Aggregators.standard().make("snorkel"))
                .hasMessageContaining("no aggregator called 'snorkel'; there are majority, weighted-majority, wawa");
        assertThatThrownBy(() -> Aggregators.standard().make("ibcc", Map.of("strenght", "1")))
                .hasMessageContaining("ibcc has no setting 'strenght'; it has balance, beside, diagonal");
        assertThatThrownBy(() -> Aggregators.standard().make("majority", Map.of("seed", "1")))
                .hasMessageContaining("it has none");
        assertThatThrownBy(() -> Aggregators.standard().make("ibcc", Map.of("soft", "yes")))
                .hasMessageContaining("soft: expected true or false, got yes");
        assertThatThrownBy(() -> Aggregators.standard().make("glad", Map.of("iterations", "1.5")))
                .hasMessageContaining("iterations: expected a whole number, got 1.5");
        assertThatThrownBy(() -> Aggregators.standard().make("glad", Map.of("tolerance", "-1")))
                .hasMessageContaining("tolerance: expected 0 or more");
        assertThatThrownBy(() -> Aggregators.standard().make("mace", Map.of("restarts", "x")))
                .hasMessageContaining("restarts: expected a number, got x");
    }

    @Test
    void namesAreThoseOfTheMethods() {
        for (String name : Aggregators.standard().names()) {
            assertThat(Aggregators.standard().make(name).name()).isEqualTo(name);
        }
        assertThat(Aggregators.standard().names()).hasSize(13);
    }

    @Test
    void aSingleTaskIsJudgedAsInTheFit() {
        Votes votes = SmallVotes.golden();
        for (String name : new String[] {"dawid-skene", "one-coin", "ibcc"}) {
            Aggregation fit = Aggregators.standard().make(name).fit(votes);
            double[] p = fit.taskPosterior().of(new int[] {0, 1, 2, 3}, new int[] {1, 1, 0, 1});
            assertThat(p[0] < .5).isEqualTo(fit.posteriors().label(3) == 1);
        }
        assertThatThrownBy(() -> Aggregators.standard().make("kos").fit(votes).taskPosterior())
                .hasMessageContaining("kos learns no confusion matrices");
        TaskPosterior one = Aggregators.standard().make("ibcc").fit(votes).taskPosterior();
        assertThatThrownBy(() -> one.of(new int[] {9}, new int[] {0})).hasMessageContaining("worker below 4");
    }
}
