package dev.chorus.reliability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Votes to entropy, filter and weights. */
class ReliabilityTest {
    /** Golden values have nine decimals or more. */
    private static final double NINE_DIGITS = 5e-10 + 1e-14;

    private static VoteShares votes(int... counts) {
        List<String> answers = new ArrayList<>();
        for (int a = 0; a < counts.length; a++) {
            answers.addAll(Collections.nCopies(counts[a], "answer " + a));
        }
        return VoteShares.of(answers, UnparseablePolicy.DROP_QUESTION);
    }

    private static int[] counts(String text) {
        return Arrays.stream(text.split(" ", -1)).mapToInt(Integer::parseInt).toArray();
    }

    /** Vote counts, entropy, then the weight of the first and of the last answer at T = 0.2 and at T = 1. */
    @ParameterizedTest
    @CsvSource({
        "5, 0, 1, 1, 1, 1",
        "4 1, .500402424, .952574127, .047425873, .645656306, .354343694",
        "3 2, .673011667, .731058579, .268941421, .549833997, .450166003",
        "3 1 1, .950270539, .786986042, .106506979, .427233560, .286383220",
        "2 2 1, 1.054920168, .422318798, .155362403, .354769606, .290460787",
        "2 1 1 1, 1.332179040, .475366886, .174877705, .289335756, .236888081",
        "1 1 1 1 1, 1.609437912, .2, .2, .2, .2",
        "1 1, .693147181, .5, .5, .5, .5"
    })
    void goldens(String counts, double entropy, double first, double last, double firstAtOne, double lastAtOne) {
        VoteShares votes = votes(counts(counts));
        assertThat(VoteEntropy.of(votes)).isCloseTo(entropy, within(NINE_DIGITS));
        double[] sharp = new ReliabilityWeights(0.2).of(votes);
        double[] flat = new ReliabilityWeights(1).of(votes);
        int k = sharp.length - 1;
        assertThat(sharp[0]).isCloseTo(first, within(NINE_DIGITS));
        assertThat(sharp[k]).isCloseTo(last, within(NINE_DIGITS));
        assertThat(flat[0]).isCloseTo(firstAtOne, within(NINE_DIGITS));
        assertThat(flat[k]).isCloseTo(lastAtOne, within(NINE_DIGITS));
    }

    @Test
    void smallTemperatureDoesNotOverflow() {
        assertThat(new ReliabilityWeights(1e-6).of(votes(3, 2))).containsExactly(1, 1, 1, 0, 0);
    }

    /** Six questions of five rows: ties with the limit stay, and the limit lies between two entropies. */
    @Test
    void percentileGolden() {
        double[] entropies = {0, 0, .500402424, .673011667, .950270539, 1.609437912};
        double[] rows = new double[30];
        Arrays.setAll(rows, row -> entropies[row / 5]);
        EntropyFilter filter = EntropyFilter.percentile(50);
        assertThat(filter.limit(rows)).isCloseTo(.5867070455, within(5e-11 + 1e-14));
        assertThat(kept(filter.keep(rows))).isEqualTo(15);

        int[][] counts = {{5}, {5}, {4, 1}, {3, 2}, {3, 1, 1}, {1, 1, 1, 1, 1}};
        Arrays.setAll(rows, row -> VoteEntropy.of(votes(counts[row / 5])));
        // From the votes themselves: the printed limit is the mean of two rounded entropies.
        assertThat(filter.limit(rows)).isCloseTo(.5867070455, within(NINE_DIGITS));
        assertThat(kept(filter.keep(rows))).isEqualTo(15);
    }

    @Test
    void tiesAreKept() {
        double[] rows = {0, 0, 0, 1};
        assertThat(EntropyFilter.percentile(50).keep(rows)).containsExactly(true, true, true, false);
        assertThat(EntropyFilter.threshold(1).keep(rows)).containsExactly(true, true, true, true);
        assertThat(EntropyFilter.threshold(.9).keep(rows)).containsExactly(true, true, true, false);
    }

    @Test
    void droppedRowsAreNeitherKeptNorCounted() {
        double[] rows = {Double.NaN, 0, 1, 2, Double.NaN};
        EntropyFilter filter = EntropyFilter.percentile(50);
        assertThat(filter.limit(rows)).isEqualTo(1);
        assertThat(filter.keep(rows)).containsExactly(false, true, true, false, false);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> filter.keep(new double[] {Double.NaN}))
                .withMessageContaining("readable");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EntropyFilter.percentile(120))
                .withMessageContaining("120");
    }

    @Test
    void unreadableAnswers() {
        List<String> answers = Arrays.asList("a", null, "a", null, "b");
        VoteShares kept = VoteShares.of(answers, UnparseablePolicy.KEEP_AS_VOTE);
        assertThat(kept.rowCounts()).containsExactly(2, 2, 2, 2, 1);
        assertThat(kept.counts()).containsExactly(2, 2, 1);
        VoteShares rest = VoteShares.of(answers, UnparseablePolicy.DROP_ROW);
        assertThat(rest.rowCounts()).containsExactly(2, 0, 2, 0, 1);
        assertThat(rest.total()).isEqualTo(3);
        assertThat(VoteEntropy.of(rest)).isCloseTo(Math.log(3) - 2 * Math.log(2) / 3, within(1e-15));
        double[] weights = new ReliabilityWeights(1).of(rest);
        assertThat(weights[1]).isZero();
        assertThat(weights[0] + weights[4]).isCloseTo(1, within(1e-15));
        VoteShares dropped = VoteShares.of(answers, UnparseablePolicy.DROP_QUESTION);
        assertThat(dropped.total()).isZero();
        assertThat(VoteEntropy.of(dropped)).isNaN();
        assertThat(new ReliabilityWeights(1).of(dropped)).containsOnly(0);
    }

    @ParameterizedTest
    @EnumSource(UnparseablePolicy.class)
    void readableAnswersAreTheSameUnderEveryPolicy(UnparseablePolicy policy) {
        VoteShares votes = VoteShares.of(List.of(1, 2, 2), policy);
        assertThat(votes.rowCounts()).containsExactly(1, 2, 2);
    }

    /** Two rows of four positions, two answer tokens in the first and one in the second. */
    @Test
    void weightedLossGolden() {
        double[] losses = {1.2 + .8, 2};
        int[] tokens = {2, 1};
        double[] weights = {.731058579, .268941421};
        assertThat(WeightedMean.ALL_POSITIONS.of(losses, tokens, 4, weights)).isCloseTo(.25, within(NINE_DIGITS));
        assertThat(WeightedMean.TOKENS.of(losses, tokens, 4, weights)).isCloseTo(.6666666667, within(NINE_DIGITS));
        assertThat(WeightedMean.TOKENS.of(losses, tokens, 4, new double[] {1, 1}))
                .isCloseTo(1.3333333333, within(NINE_DIGITS));
        assertThat(WeightedMean.WEIGHTS.of(losses, tokens, 4, new double[] {.3, .3}))
                .isCloseTo(1.3333333333, within(NINE_DIGITS));
        assertThat(WeightedMean.TOKENS.of(new double[] {0}, new int[] {0}, 4, new double[] {1}))
                .isZero();
    }

    @Test
    void weightsOfOtherMeasures() {
        assertThat(UncertaintyWeights.ofUncertainty(new double[] {-1, 0, Double.NaN}, 2))
                .containsExactly(new double[] {1, Math.exp(-.5), 0}, within(1e-15));
        assertThat(UncertaintyWeights.ofPosterior(new double[][] {{.2, .8}, null, {.9, .1}}, new int[] {1, -1, 1}))
                .containsExactly(.8, 0, .1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> UncertaintyWeights.ofPosterior(new double[][] {{1}}, new int[] {1}))
                .withMessageContaining("got 1 in row 0");
    }

    @Test
    void secondRoundTakesWhatTheFilterDropped() {
        boolean[] keep = {false, true, false, false, false};
        TwoStageSelection stages = TwoStageSelection.of(keep, new int[] {7, 7, 8, 8, 9});
        assertThat(stages.first()).containsExactly(1);
        // A question of which a row was kept has its answer.
        assertThat(stages.relabel()).containsExactly(2, 4);
        assertThat(stages.accepted(new double[] {.4, .9}, .5)).containsExactly(4);
        assertThat(stages.accepted(new double[] {Double.NaN, .9}, 0)).containsExactly(4);
    }

    private static int kept(boolean[] keep) {
        int count = 0;
        for (boolean each : keep) {
            count += each ? 1 : 0;
        }
        return count;
    }
}
