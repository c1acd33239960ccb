package dev.chorus.aggregate;

import static dev.chorus.aggregate.MajorityVote.MISSING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class MajorityVoteTest {

    /** Six items, four labelers. */
    private static final int[][] VOTES = {
        {0, 0, 0, 1}, {0, 0, 0, 0}, {1, 1, 1, 0}, {1, 1, 0, 1}, {0, 1, 0, 1}, {1, 1, 1, 1},
    };

    /** The golden values carry seven decimals. */
    private static final double GOLDEN = 5e-8;

    @Test
    void sharesAndLabelsMatchGoldenValues() {
        assertThat(MajorityVote.shares(VOTES[0], 2))
                .hasValueSatisfying(s -> assertThat(s).containsExactly(.75, .25));
        assertThat(MajorityVote.shares(VOTES[4], 2))
                .hasValueSatisfying(s -> assertThat(s).containsExactly(.5, .5));
        assertThat(MajorityVote.labels(VOTES, 2)).containsExactly(0, 0, 1, 1, 0, 1);
    }

    @Test
    void agreementMatchesGoldenValues() {
        assertThat(MajorityVote.agreement(VOTES, MajorityVote.labels(VOTES, 2)))
                .containsExactly(new double[] {1, .8333333, .8333333, .5}, within(GOLDEN));
    }

    @Test
    void weightedByAgreementMatchesGoldenValues() {
        double[] skills = MajorityVote.agreement(VOTES, MajorityVote.labels(VOTES, 2));
        double[] ofZero = {.8421053, 1, .1578947, .2631579, .5789474, 0};
        for (int n = 0; n < VOTES.length; n++) {
            assertThat(MajorityVote.shares(VOTES[n], skills, 2).orElseThrow()[0])
                    .isCloseTo(ofZero[n], within(GOLDEN));
        }
        assertThat(MajorityVote.labels(VOTES, skills, 2)).containsExactly(0, 0, 1, 1, 0, 1);
    }

    @Test
    void missingVotesAreLeftOut() {
        assertThat(MajorityVote.shares(new int[] {2, MISSING, 2, 1}, 3).orElseThrow())
                .containsExactly(0, 1.0 / 3, 2.0 / 3);
        assertThat(MajorityVote.shares(new int[] {MISSING, MISSING}, 3)).isEmpty();
        assertThat(MajorityVote.labels(new int[][] {{MISSING}, {1}}, 2)).containsExactly(MISSING, 1);
        assertThat(MajorityVote.agreement(new int[][] {{0, MISSING}, {1, MISSING}}, new int[] {0, MISSING}))
                .containsExactly(1, Double.NaN);
    }

    @Test
    void zeroWeightsKnowNothing() {
        assertThat(MajorityVote.shares(new int[] {1, 1}, new double[2], 4).orElseThrow())
                .containsExactly(.25, .25, .25, .25);
    }

    @Test
    void refusesWhatIsOutOfRange() {
        assertThatThrownBy(() -> MajorityVote.shares(new int[] {0, 2}, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("majority vote: expected votes in 0 to 1 or -1 for none, got 2 from labeler 1");
        assertThatThrownBy(() -> MajorityVote.shares(new int[0], 0))
                .hasMessage("majority vote: expected at least 1 class, got 0");
        assertThatThrownBy(() -> MajorityVote.shares(new int[2], new double[1], 2))
                .hasMessage("majority vote: expected 2 weights, one a labeler, got 1");
        assertThatThrownBy(() -> MajorityVote.shares(new int[2], new double[] {1, -1}, 2))
                .hasMessage("majority vote: expected finite weights of at least 0, got -1.0 for labeler 1");
        assertThatThrownBy(() -> MajorityVote.agreement(new int[2][1], new int[1]))
                .hasMessage("majority vote: expected one label for each of the 2 items, got 1");
        assertThatThrownBy(() -> MajorityVote.agreement(new int[][] {{0}, {0, 1}}, new int[2]))
                .hasMessage("majority vote: expected votes of 1 labelers for every item, got 2 for item 1");
    }
}
