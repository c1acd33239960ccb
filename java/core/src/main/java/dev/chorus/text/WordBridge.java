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
 * have one; where the last word lacks one it joins the word before. (The authors' code matches suffixes greedily, which fails
 * where an early token is also a suffix of the word: {@link GreedyWordMap}.)
 */
public final class WordBridge {
    /** Temperature at which every token of a word takes the same share. */
    public static final double UNIFORM = Double.POSITIVE_INFINITY;

    /** Temperature of an older script of the authors. */
    public static final double OLDER_SCRIPT = 0.3;

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
        int[] wordOfCharacter = wordOfCharacter(text);
        int[] weak = wordOfTokens(wordOfCharacter, weakSpans);
        int[] strong = wordOfTokens(wordOfCharacter, strongSpans);
        int words = text.isEmpty() ? 1 : wordOfCharacter[text.length() - 1] + 1;
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
        Word last = new Word(weakFrom, weak.length + end, strongFrom, strong.length + end);
        boolean oneSided = last.weakFrom == last.weakTo || last.strongFrom == last.strongTo;
        if (oneSided && !aligned.isEmpty()) {
            // There is no next word to merge with: a score without a token would be lost, a token without a score
            // certain.
            Word before = aligned.remove(aligned.size() - 1);
            last = new Word(before.weakFrom, last.weakTo, before.strongFrom, last.strongTo);
        }
        aligned.add(last);
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
        return spread(words, wordScores, top1, 1);
    }

    /**
     * The same with sharper or even shares, {@code w = softmax(-m / temperature)}.
     *
     * @param temperature above 0: 1 in the paper's code, {@link #OLDER_SCRIPT} in an older script of it, {@link #UNIFORM} for
     *                    equal shares
     */
    public static double[] spread(List<Word> words, double[] wordScores, double[] top1, double temperature) {
        if (!(temperature > 0)) {
            throw new IllegalArgumentException("word bridge: expected a temperature above 0, got " + temperature);
        }
        double[] tau = new double[top1.length];
        for (int j = 0; j < words.size(); j++) {
            Word word = words.get(j);
            double sum = 0;
            for (int t = word.strongFrom(); t < word.strongTo(); t++) {
                sum += Math.exp(-top1[t] / temperature);
            }
            for (int t = word.strongFrom(); t < word.strongTo(); t++) {
                tau[t] = Math.exp(-top1[t] / temperature) / sum * wordScores[j];
            }
        }
        return tau;
    }

    /** The word of every character; spaces belong to the word before them, those at the beginning to the first. */
    private static int[] wordOfCharacter(String text) {
        int[] words = new int[text.length()];
        int word = -1;
        boolean inside = false;
        for (int i = 0; i < text.length(); i++) {
            boolean space = text.charAt(i) == ' ';
            if (!space && !inside) {
                word++;
            }
            inside = !space;
            words[i] = Math.max(word, 0);
        }
        return words;
    }

    private static int[] wordOfTokens(int[] wordOfCharacter, int[][] spans) {
        int[] words = new int[spans.length];
        for (int t = 0; t < spans.length; t++) {
            // A space counts to the word before it, so the last character decides.
            int last = Math.min(spans[t][1], wordOfCharacter.length) - 1;
            words[t] = last < 0 ? 0 : wordOfCharacter[last];
            if (t > 0) {
                words[t] = Math.max(words[t], words[t - 1]);
            }
        }
        return words;
    }
}
