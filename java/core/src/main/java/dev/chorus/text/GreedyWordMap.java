package dev.chorus.text;

import dev.chorus.text.WordBridge.Word;
import java.util.ArrayList;
import java.util.List;

/**
 * The word map of the authors' code (Cui et al., arXiv:2406.03199), for those who reproduce it; {@link WordBridge#align} is what
 * training uses otherwise.
 *
 * <p>Words are the pieces between single spaces of the text with the end of sequence stuck to it. A word ends at the first token
 * that, its spaces removed, is a suffix of the word; the last word takes all that remains. The rule goes wrong where an
 * early token is a suffix too. The original applies it to a new tokenization of the weak text, which need not be what was
 * generated, and with a tokenizer that puts a token in front (OPT) the map is off by one: whoever gives these tokens gets that too.
 */
public final class GreedyWordMap {
    private GreedyWordMap() {}

    /**
     * A word's tokens.
     *
     * @param from first
     * @param to   behind the last; equal to {@code from} where the tokens ran out
     */
    public record Range(int from, int to) {}

    /**
     * The tokens of every word.
     *
     * @param words  at least one
     * @param tokens texts of the tokens, the end of sequence last
     * @return one range a word; together they are all tokens
     */
    public static List<Range> of(List<String> words, List<String> tokens) {
        List<Range> ranges = new ArrayList<>();
        int next = 0;
        for (String word : words.subList(0, words.size() - 1)) {
            int from = next;
            boolean ended = false;
            while (next < tokens.size() && !ended) {
                ended = word.endsWith(tokens.get(next).replace(" ", ""));
                next++;
            }
            ranges.add(new Range(from, next));
        }
        ranges.add(new Range(next, tokens.size()));
        return ranges;
    }

    /**
     * Words of both sides.
     *
     * @param text         without the end of sequence
     * @param end          text of the end of sequence, which sticks to the last word of both sides
     * @param weakTokens   texts of the weak tokens as the original has them, the end of sequence last
     * @param weakScores   number of generated tokens with a score; what the weak tokens have beyond them is cut off
     * @param strongTokens texts of the strong tokens, the end of sequence last
     * @return one a word of the text; a word whose tokens ran out on a side has an empty range there
     */
    public static List<Word> align(
            String text, String end, List<String> weakTokens, int weakScores, List<String> strongTokens) {
        List<String> words = List.of((text + end).split(" ", -1));
        List<Range> weak = of(words, weakTokens);
        List<Range> strong = of(words, strongTokens);
        List<Word> aligned = new ArrayList<>();
        for (int j = 0; j < words.size(); j++) {
            aligned.add(new Word(
                    Math.min(weak.get(j).from(), weakScores),
                    Math.min(weak.get(j).to(), weakScores),
                    strong.get(j).from(),
                    strong.get(j).to()));
        }
        return aligned;
    }
}
