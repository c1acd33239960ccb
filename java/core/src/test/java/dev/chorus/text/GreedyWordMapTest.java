package dev.chorus.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.text.GreedyWordMap.Range;
import dev.chorus.text.WordBridge.Word;
import java.util.List;
import org.junit.jupiter.api.Test;

class GreedyWordMapTest {
    /** The rule's fault: "a" is a suffix of "aba". By character offsets the words are (0, 1) and (2, 3). */
    @Test
    void endsAtAnEarlySuffix() {
        assertThat(GreedyWordMap.of(List.of("aba", "x</s>"), List.of("a", "ba", "x", "</s>")))
                .containsExactly(new Range(0, 1), new Range(1, 4));
        assertThat(WordBridge.align("aba x", new int[][] {{0, 3}, {3, 5}}, new int[][] {{0, 1}, {1, 3}, {3, 5}}, true))
                .containsExactly(new Word(0, 1, 0, 2), new Word(1, 3, 2, 4));
    }

    @Test
    void tokensInsideAWordStayTogether() {
        assertThat(GreedyWordMap.of(List.of("tomorrow", "five</s>"), List.of("to", "mor", "row", " five", "</s>")))
                .containsExactly(new Range(0, 3), new Range(3, 5));
    }

    /** A token in front shifts nothing in the ranges, but the scores do not have it. */
    @Test
    void tokenInFrontShiftsTheScores() {
        List<Word> words = GreedyWordMap.align(
                "ab cd", "</s>", List.of("</s>", "ab", " cd", "</s>"), 3, List.of("a", "b", " cd", "</s>"));
        // The weak scores are those of ab, cd, </s>: the first word takes two of them.
        assertThat(words).containsExactly(new Word(0, 2, 0, 2), new Word(2, 3, 2, 4));
    }

    @Test
    void tokensThatRunOutLeaveWordsEmpty() {
        assertThat(GreedyWordMap.of(List.of("q", "r", "s</s>"), List.of("x", "y")))
                .containsExactly(new Range(0, 2), new Range(2, 2), new Range(2, 2));
    }
}
