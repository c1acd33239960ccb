package dev.chorus.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class SluF1Test {

    /** The golden values carry ten decimals. */
    private static final double GOLDEN = 5e-11;

    private static final List<Entity> GOLD_A = List.of(entity("date", "tomorrow"), entity("event_name", "dance class"));
    private static final List<Entity> PREDICTED_A =
            List.of(entity("date", "tomorrow"), entity("event_name", "dance glass"), entity("time", "five"));

    @Test
    void oneUtteranceMatchesGoldenValues() {
        SluF1 score = SluF1.utterance(GOLD_A, PREDICTED_A);
        assertThat(score.word()).isEqualTo(new MatchCounts(2, 1.5, .5));
        assertThat(score.word().f1()).isCloseTo(.6666666667, within(GOLDEN));
        assertThat(score.character().truePositives()).isEqualTo(2);
        assertThat(score.character().falsePositives()).isCloseTo(1.0909090909, within(GOLDEN));
        assertThat(score.character().falseNegatives()).isCloseTo(.0909090909, within(GOLDEN));
        assertThat(score.character().f1()).isCloseTo(.7719298246, within(GOLDEN));
        assertThat(score.slu().precision()).isCloseTo(.6068965517, within(GOLDEN));
        assertThat(score.slu().recall()).isCloseTo(.8712871287, within(GOLDEN));
        assertThat(score.slu().f1()).isCloseTo(.7154471545, within(GOLDEN));
        assertThat(score.exact().f1()).isCloseTo(.4, within(GOLDEN));
        assertThat(SluF1.ofUtterance(GOLD_A, PREDICTED_A)).isEqualTo(score.slu().f1());
    }

    @Test
    void corpusMatchesGoldenValue() {
        List<List<Entity>> gold = List.of(
                GOLD_A,
                List.of(entity("person", "john smith"), entity("person", "mary")),
                List.of(),
                List.of(entity("place_name", "new york")));
        List<List<Entity>> predicted = List.of(PREDICTED_A, List.of(entity("person", "mary")), List.of(), List.of());
        assertThat(SluF1.corpus(gold, predicted).slu().f1()).isCloseTo(.6255924171, within(GOLDEN));
    }

    @Test
    void aWordDistanceMayExceedOne() {
        SluF1 score = SluF1.utterance(
                List.of(entity("artist_name", "abba")), List.of(entity("artist_name", "the band called abba please")));
        assertThat(score.word().falsePositives()).isEqualTo(4);
        assertThat(score.slu().f1()).isCloseTo(.2918918919, within(GOLDEN));
    }

    @Test
    void weighsUtterancesByTheirNumber() {
        List<List<Entity>> gold = List.of(GOLD_A, List.of(entity("time", "ten")));
        List<List<Entity>> predicted = List.of(PREDICTED_A, List.of(entity("time", "two")));
        SluF1 weighted = SluF1.corpus(gold, predicted, new int[] {2, 0});
        SluF1 repeated = SluF1.corpus(List.of(GOLD_A, GOLD_A), List.of(PREDICTED_A, PREDICTED_A));
        assertThat(weighted).isEqualTo(repeated);
    }

    @Test
    void eachGoldEntityIsUsedOnceAndTheNearestFirst() {
        // "mary" takes its own twin although "john" comes first; the second "mary" is left with "john".
        SluF1 score = SluF1.utterance(
                List.of(entity("person", "john"), entity("person", "mary")),
                List.of(entity("person", "mary"), entity("person", "mary"), entity("person", "mary")));
        assertThat(score.word()).isEqualTo(new MatchCounts(2, 2, 1));
        assertThat(score.exact()).isEqualTo(new MatchCounts(1, 2, 1));
    }

    @Test
    void nothingToFindAndNothingFound() {
        assertThat(SluF1.corpus(List.of(List.of()), List.of(List.of())).slu().f1())
                .isZero();
        assertThat(SluF1.ofUtterance(List.of(), List.of())).isEqualTo(1);
        assertThat(SluF1.ofUtterance(GOLD_A, List.of())).isZero();
        assertThat(SluF1.ofUtterance(List.of(), PREDICTED_A)).isZero();
    }

    @Test
    void anEmptyGoldFillerIsNearOnlyToAnEmptyPrediction() {
        List<Entity> gold = List.of(entity("date", ""));
        assertThat(SluF1.ofUtterance(gold, List.of(entity("date", "")))).isEqualTo(1);
        assertThat(SluF1.utterance(gold, List.of(entity("date", "next week"))).slu())
                .isEqualTo(new MatchCounts(2, 2, 2));
        assertThat(SluF1.utterance(List.of(entity("date", "next week")), gold).slu())
                .isEqualTo(new MatchCounts(2, 2, 2));
    }

    @Test
    void aCharacterIsACodePoint() {
        SluF1 score =
                SluF1.utterance(List.of(entity("emoji", "\uD83D\uDE00")), List.of(entity("emoji", "\uD83D\uDE01")));
        assertThat(score.character()).isEqualTo(new MatchCounts(1, 1, 1));
    }

    @Test
    void refusesShapesThatDisagree() {
        assertThatThrownBy(() -> SluF1.corpus(List.of(GOLD_A), List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("SLU-F1: expected predictions and counts for 1 utterances, got 0 predictions and 1 counts");
        assertThatThrownBy(() -> SluF1.corpus(List.of(GOLD_A), List.of(GOLD_A), new int[] {-1}))
                .hasMessage("SLU-F1: expected a count of at least 0, got -1 for utterance 0");
        assertThatThrownBy(() -> entity("", "mary"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("entity: expected a type, got an empty one for filler \"mary\"");
        assertThatThrownBy(() -> new MatchCounts(0, -1, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("counts: expected finite false positives of at least 0, got -1.0");
    }

    private static Entity entity(String type, String filler) {
        return new Entity(type, filler);
    }
}
