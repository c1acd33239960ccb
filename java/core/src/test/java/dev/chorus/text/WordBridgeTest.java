package dev.chorus.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.text.WordBridge.Word;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WordBridgeTest {
    /** Golden values have eight decimals. */
    private static final double GOLDEN = 6e-9;

    /** A product of some twenty exponentials, each rounded once. */
    private static final double PRODUCT = 1e-12;

    @Test
    void wordScoresAndSharesOfThePaper() {
        // One text in two tokenizations: three words of 2, 1, 1 weak and 3, 1, 2 strong tokens.
        List<Word> words = List.of(new Word(0, 2, 0, 3), new Word(2, 3, 3, 4), new Word(3, 4, 4, 6));
        double[] scores = WordBridge.wordScores(words, new double[] {-0.2, -0.1, -0.7, -0.05});
        assertThat(scores).containsExactly(new double[] {-0.3, -0.7, -0.05}, within(PRODUCT));
        double[] tau = WordBridge.spread(words, scores, new double[] {.9, .5, .6, .8, .95, .7});
        double[] shares = {.26030255, .38832577, .35137169, 1, .43782350, .56217650};
        double[] soft = {.92488048, .89003212, .89995411, .49658530, .97834670, .97228255};
        for (int t = 0; t < tau.length; t++) {
            assertThat(tau[t] / scores[t < 3 ? 0 : t < 4 ? 1 : 2]).isCloseTo(shares[t], within(GOLDEN));
            assertThat(Math.exp(tau[t])).isCloseTo(soft[t], within(GOLDEN));
        }
    }

    /** A token that is also a suffix of the word is not the word's end. */
    @Test
    void offsetsDoNotFallForSuffixes() {
        int[][] letters = {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 6}};
        assertThat(WordBridge.align("aba x", new int[][] {{0, 3}, {3, 5}}, new int[][] {{0, 1}, {1, 3}, {4, 5}}, true))
                .containsExactly(new Word(0, 1, 0, 2), new Word(1, 3, 2, 4));
        assertThat(WordBridge.align("a b c", new int[][] {{0, 5}}, letters, true))
                .containsExactly(new Word(0, 2, 0, 6));
    }

    @Test
    void tokensInsideAWordStayTogether() {
        int[][] pieces = {{0, 2}, {2, 5}, {5, 8}, {8, 13}};
        assertThat(WordBridge.align("tomorrow five", pieces, pieces, true))
                .containsExactly(new Word(0, 3, 0, 3), new Word(3, 5, 3, 5));
    }

    /** A space belongs to the word before it, wherever a tokenizer puts it. */
    @Test
    void spacesDoNotMoveATokenToTheNextWord() {
        List<Word> expected = List.of(new Word(0, 1, 0, 2), new Word(1, 3, 2, 4));
        assertThat(WordBridge.align("ab  c", new int[][] {{0, 4}, {4, 5}}, new int[][] {{0, 1}, {1, 3}, {3, 5}}, true))
                .containsExactlyElementsOf(expected);
        assertThat(WordBridge.align("ab  c", new int[][] {{0, 2}, {2, 5}}, new int[][] {{0, 2}, {2, 4}, {4, 5}}, true))
                .containsExactlyElementsOf(expected);
    }

    @Test
    void wordsWithoutATokenMergeWithTheNext() {
        // The weak side holds "b c" in one token, which belongs to the word of its last letter.
        int[][] weak = {{0, 1}, {1, 5}, {5, 7}};
        int[][] strong = {{0, 1}, {2, 3}, {4, 5}, {6, 7}};
        assertThat(WordBridge.align("a b c d", weak, strong, true))
                .containsExactly(new Word(0, 1, 0, 1), new Word(1, 2, 1, 3), new Word(2, 4, 3, 5));
        // The same with the sides exchanged.
        assertThat(WordBridge.align("a b c d", strong, weak, true))
                .containsExactly(new Word(0, 1, 0, 1), new Word(1, 3, 1, 2), new Word(3, 5, 2, 4));
    }

    @Test
    void emptyTextIsItsEndAlone() {
        assertThat(WordBridge.align("", new int[0][], new int[0][], true)).containsExactly(new Word(0, 1, 0, 1));
        // The weak model generated two tokens that decode to nothing.
        assertThat(WordBridge.align("", new int[][] {{0, 0}, {0, 0}}, new int[0][], true))
                .containsExactly(new Word(0, 3, 0, 1));
    }

    @Test
    void cutTextHasNoEnd() {
        int[][] spans = {{0, 1}, {1, 3}};
        assertThat(WordBridge.align("a b", spans, spans, false))
                .containsExactly(new Word(0, 1, 0, 1), new Word(1, 2, 1, 2));
    }

    /** Whatever the strong model believes, a word's tokens multiply to its score. */
    @Test
    void productOverAWordIsItsScore() throws IOException {
        Random random = new Random(5);
        List<Tokenizer> tokenizers =
                BuiltInTokenizers.NAMES.stream().map(BuiltInTokenizers::open).toList();
        for (String text : TokenizerTest.sentences(40)) {
            for (Tokenizer weak : tokenizers) {
                for (Tokenizer strong : tokenizers) {
                    int[][] weakSpans = weak.encodeWithSpans(text).spans();
                    int[][] strongSpans = strong.encodeWithSpans(text).spans();
                    assertProducts(text, weakSpans, strongSpans, random);
                }
            }
        }
        tokenizers.forEach(Tokenizer::close);
    }

    private static void assertProducts(String text, int[][] weakSpans, int[][] strongSpans, Random random) {
        List<Word> words = WordBridge.align(text, weakSpans, strongSpans, true);
        // Real tokenizers break at spaces: no two words need to merge.
        assertThat(words).as(text).hasSize(text.split(" +").length);
        double[] logps = random.doubles(weakSpans.length + 1, -3, 0).toArray();
        double[] top1 = random.doubles(strongSpans.length + 1).toArray();
        double[] scores = WordBridge.wordScores(words, logps);
        double[] tau = WordBridge.spread(words, scores, top1);
        int weak = 0;
        int strong = 0;
        for (int j = 0; j < scores.length; j++) {
            Word word = words.get(j);
            assertThat(word.weakFrom()).isEqualTo(weak);
            assertThat(word.strongFrom()).isEqualTo(strong);
            double product = 1;
            for (int t = word.strongFrom(); t < word.strongTo(); t++) {
                assertThat(tau[t]).isNegative();
                product *= Math.exp(tau[t]);
            }
            assertThat(product).isCloseTo(Math.exp(scores[j]), within(PRODUCT));
            weak = word.weakTo();
            strong = word.strongTo();
        }
        assertThat(weak).isEqualTo(logps.length);
        assertThat(strong).isEqualTo(top1.length);
    }
}
