package dev.chorus.text;

import java.util.ArrayList;
import java.util.List;

/**
 * Carries a weak model's token scores to a strong model with another tokenizer, by way of words (Cui et al.,
 * arXiv:2406.03199; token-level soft labels).
 *
 * <p>Words are the pieces between single spaces. A word's score L is the sum of the weak tokens' log-probabilities inside it.
 * The strong tokens of the word share it: {@code tau_t = w_t L} with {@code w = softmax(-m)} over the word, m the strong
 * model's top-1 probabilities. So the product of {@code exp(tau_t)} is {@code exp(L)}, and where the strong model is
 * confident a token takes a smaller share of the (negative) score.
 *
 * <p>Tokens meet words by character offsets: a token belongs to the word that holds its last non-space character, and the
 * end-of-sequence token to the last word. Words without a token on one of the sides merge with the next until both sides
 * have one. (The authors' code matches suffixes greedily, which fails where an early token is also a suffix of the word.)
 */
public final class WordBridge {
    private WordBridge() {}

    /**
     * Which tokens of both sides make up a word, or several words that had to merge.
     *
     * @param weakFrom   first weak token
     * @param weakTo     behind the last weak token
     * @param strongFrom first strong token
     * @param strongTo   behind the last strong token
     */
    public record Word(int weakFrom, int weakTo, int strongFrom, int strongTo) {}

    /**
     * Aligns two tokenizations of one text, each followed by its end-of-sequence token.
     *
     * @param text        the text without the end of sequence
     * @param weakSpans   [weak tokens without the end][2] characters
     * @param strongSpans [strong tokens without the end][2] characters
     * @param ended       whether both sides have an end-of-sequence token behind their spans
     * @return words in order; together they cover every token of both sides, the ends included
     */
    public static List<Word> align(String text, int[][] weakSpans, int[][] strongSpans, boolean ended) {
        int[] weak = wordOfTokens(text, weakSpans);
        int[] strong = wordOfTokens(text, strongSpans);
        int words = Math.max(1, countWords(text));
        List<Word> aligned = new ArrayList<>();
        int w = 0;
        int s = 0;
        int weakFrom = 0;
        int strongFrom = 0;
        for (int word = 0; word < words - 1; word++) {
            while (w < weak.length && weak[w] <= word) {
                w++;
            }
            while (s < strong.length && strong[s] <= word) {
                s++;
            }
            if (w > weakFrom && s > strongFrom) {
                aligned.add(new Word(weakFrom, w, strongFrom, s));
                weakFrom = w;
                strongFrom = s;
            }
        }
        // The last word takes what remains, the ends of sequence with it.
        int end = ended ? 1 : 0;
        aligned.add(new Word(weakFrom, weak.length + end, strongFrom, strong.length + end));
        return aligned;
    }

    /** L of every word: the sum of its weak tokens' log-probabilities; {@code weakLogps} ends with the end of sequence. */
    public static double[] wordScores(List<Word> words, double[] weakLogps) {
        double[] scores = new double[words.size()];
        for (int j = 0; j < scores.length; j++) {
            for (int t = words.get(j).weakFrom(); t < words.get(j).weakTo(); t++) {
                scores[j] += weakLogps[t];
            }
        }
        return scores;
    }

    /**
     * tau of every strong token, the end of sequence included.
     *
     * @param words      from {@link #align}
     * @param wordScores from {@link #wordScores}
     * @param top1       the strong model's top-1 probability at every strong token
     * @return log-scores, at most 0 where the word scores are
     */
    public static double[] spread(List<Word> words, double[] wordScores, double[] top1) {
        double[] tau = new double[top1.length];
        for (int j = 0; j < words.size(); j++) {
            Word word = words.get(j);
            double sum = 0;
            for (int t = word.strongFrom(); t < word.strongTo(); t++) {
                sum += Math.exp(-top1[t]);
            }
            for (int t = word.strongFrom(); t < word.strongTo(); t++) {
                tau[t] = Math.exp(-top1[t]) / sum * wordScores[j];
            }
        }
        return tau;
    }

    private static int countWords(String text) {
        return text.isBlank() ? 0 : text.strip().split(" +").length;
    }

    private static int[] wordOfTokens(String text, int[][] spans) {
        int[] wordOfCharacter = new int[text.length()];
        int word = -1;
        boolean inside = false;
        for (int i = 0; i < text.length(); i++) {
            boolean space = text.charAt(i) == ' ';
            if (!space && !inside) {
                word++;
            }
            inside = !space;
            wordOfCharacter[i] = Math.max(word, 0);
        }
        int[] words = new int[spans.length];
        for (int t = 0; t < spans.length; t++) {
            // A space counts to the word before it, so the last character decides.
            int last = Math.min(spans[t][1], text.length()) - 1;
            words[t] = last < 0 ? 0 : wordOfCharacter[last];
            if (t > 0) {
                words[t] = Math.max(words[t], words[t - 1]);
            }
        }
        return words;
    }
}
