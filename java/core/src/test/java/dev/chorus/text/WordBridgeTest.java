package dev.chorus.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
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

    /** Words of one script each, some with characters that no tokenizer here has as one token. */
    private static final List<String> SCRIPTS = List.of(
            "abcdefgz",
            "ABC019.,;:!?'-",
            "àéîõüçßñ",
            "абвгдежзя",
            "αβγδεω",
            "אבגדה",
            "ابتثجح",
            "कखगािी",
            "กขคงา",
            "中文字母",
            "ひらカタ",
            "한국어",
            "🙂🚀👍🏽",
            "e\u0301n\u0303\u200d",
            "\n\t\u00a0\u3000\u0001");

    private static String randomText(Random random) {
        StringBuilder text = new StringBuilder();
        int words = 1 + random.nextInt(6);
        for (int word = 0; word < words; word++) {
            text.append(" ".repeat(word == 0 ? 0 : random.nextInt(8) == 0 ? 2 : 1));
            int[] script =
                    SCRIPTS.get(random.nextInt(SCRIPTS.size())).codePoints().toArray();
            for (int i = 1 + random.nextInt(5); i > 0; i--) {
                text.appendCodePoint(script[random.nextInt(script.length)]);
            }
        }
        return text.toString();
    }

    /**
     * Text in any script, generated by one tokenizer and learnt by another: every token of both sides belongs to one word, no word
     * has tokens on one side alone, and a word's strong tokens multiply to its weak score.
     */
    @Test
    void anyScriptBetweenAnyTwoTokenizers() {
        Random random = new Random(77);
        List<Tokenizer> tokenizers =
                BuiltInTokenizers.NAMES.stream().map(BuiltInTokenizers::open).toList();
        for (int round = 0; round < 60; round++) {
            String text = randomText(random);
            for (Tokenizer weak : tokenizers) {
                // A model generates tokens, and their text need not be what they were made from.
                GeneratedText generated = GeneratedText.of(weak, weak.encode(text));
                for (Tokenizer strong : tokenizers) {
                    int[][] strongSpans =
                            strong.encodeWithSpans(generated.text()).spans();
                    for (boolean ended : new boolean[] {true, false}) {
                        if (ended || (generated.spans().length > 0 && strongSpans.length > 0)) {
                            assertWhole(generated.text(), generated.spans(), strongSpans, ended, random);
                        }
                    }
                }
            }
        }
        tokenizers.forEach(Tokenizer::close);
    }

    private static void assertWhole(String text, int[][] weakSpans, int[][] strongSpans, boolean ended, Random random) {
        int end = ended ? 1 : 0;
        List<Word> words = WordBridge.align(text, weakSpans, strongSpans, ended);
        for (int j = 1; j < words.size(); j++) {
            // Tokens of one word of the text never meet in two of the alignment's.
            int before = Math.max(
                    wordOf(text, weakSpans, words.get(j - 1).weakTo() - 1),
                    wordOf(text, strongSpans, words.get(j - 1).strongTo() - 1));
            assertThat(wordOf(text, weakSpans, words.get(j).weakFrom()))
                    .as(text)
                    .isGreaterThan(before);
            assertThat(wordOf(text, strongSpans, words.get(j).strongFrom()))
                    .as(text)
                    .isGreaterThan(before);
        }
        double[] logps = random.doubles(weakSpans.length + end, -3, 0).toArray();
        double[] top1 = random.doubles(strongSpans.length + end).toArray();
        double[] scores = WordBridge.wordScores(words, logps);
        for (double temperature : new double[] {1, WordBridge.OLDER_SCRIPT, WordBridge.UNIFORM}) {
            double[] tau = WordBridge.spread(words, scores, top1, temperature);
            int weak = 0;
            int strong = 0;
            for (int j = 0; j < scores.length; j++) {
                Word word = words.get(j);
                assertThat(word.weakFrom()).as(text).isEqualTo(weak);
                assertThat(word.strongFrom()).as(text).isEqualTo(strong);
                assertThat(word.weakTo()).as(text).isGreaterThan(weak);
                assertThat(word.strongTo()).as(text).isGreaterThan(strong);
                double product = 1;
                for (int t = word.strongFrom(); t < word.strongTo(); t++) {
                    assertThat(tau[t]).as(text).isNegative();
                    product *= Math.exp(tau[t]);
                }
                assertThat(product).as(text).isCloseTo(Math.exp(scores[j]), within(PRODUCT));
                weak = word.weakTo();
                strong = word.strongTo();
            }
            assertThat(weak).as(text).isEqualTo(logps.length);
            assertThat(strong).as(text).isEqualTo(top1.length);
        }
    }

    /** The word that holds the last character of a token that is no space; the end of sequence's is behind all. */
    private static int wordOf(String text, int[][] spans, int token) {
        if (token == spans.length) {
            return Integer.MAX_VALUE;
        }
        String upTo = text.substring(0, Math.min(text.length(), spans[token][1]));
        boolean inside = false;
        int words = 0;
        for (int i = 0; i < upTo.length(); i++) {
            boolean space = upTo.charAt(i) == ' ';
            words += !space && !inside ? 1 : 0;
            inside = !space;
        }
        return words;
    }

    @Test
    void evenShares() {
        List<Word> words = List.of(new Word(0, 1, 0, 4));
        assertThat(WordBridge.spread(words, new double[] {-2}, new double[] {.9, .1, .5, .2}, WordBridge.UNIFORM))
                .containsExactly(-.5, -.5, -.5, -.5);
        double[] sharp = WordBridge.spread(words, new double[] {-2}, new double[] {.9, .1, .5, .2}, .3);
        assertThat(sharp[1] / sharp[0]).isCloseTo(Math.exp(.8 / .3), within(1e-12));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> WordBridge.spread(words, new double[] {-2}, new double[4], 0))
                .withMessageContaining("above 0, got 0.0");
    }

    /** A last word without tokens on one side has no next to merge with. */
    @Test
    void lastWordWithoutATokenJoinsTheOneBefore() {
        int[][] both = {{0, 1}, {2, 3}};
        int[][] first = {{0, 1}};
        assertThat(WordBridge.align("a b", both, first, false)).containsExactly(new Word(0, 2, 0, 1));
        assertThat(WordBridge.align("a b", first, both, false)).containsExactly(new Word(0, 1, 0, 2));
        // The end of sequence is a token of the last word.
        assertThat(WordBridge.align("a b", both, first, true))
                .containsExactly(new Word(0, 1, 0, 1), new Word(1, 3, 1, 2));
    }

    /** Only spaces part words: another white space is a character like any other. */
    @Test
    void lineBreaksDoNotPartWords() {
        int[][] spans = {{0, 1}, {2, 3}, {4, 5}};
        assertThat(WordBridge.align("\n a b", spans, spans, false))
                .containsExactly(new Word(0, 1, 0, 1), new Word(1, 2, 1, 2), new Word(2, 3, 2, 3));
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
