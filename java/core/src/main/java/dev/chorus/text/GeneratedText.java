package dev.chorus.text;

import java.util.Arrays;

/**
 * The text of generated tokens with the characters that each of them covers.
 *
 * <p>The tokens are those that the model generated, never a new tokenization of the text, which may differ: a token covers
 * what decoding it adds to the text of the tokens before it.
 *
 * @param text  decoded, without special tokens and without space at its ends
 * @param spans [T][2] from (inclusive) and to (exclusive)
 */
public record GeneratedText(String text, int[][] spans) {
    public static GeneratedText of(Tokenizer tokenizer, int[] tokens) {
        String whole = tokenizer.decode(tokens);
        int lead = whole.length() - whole.stripLeading().length();
        String text = whole.strip();
        int[][] spans = new int[tokens.length][2];
        int before = 0;
        for (int t = 0; t < tokens.length; t++) {
            int after = t == tokens.length - 1
                    ? whole.length()
                    : tokenizer.decode(Arrays.copyOf(tokens, t + 1)).length();
            spans[t][0] = clip(before - lead, text.length());
            spans[t][1] = clip(Math.max(before, after) - lead, text.length());
            before = Math.max(before, after);
        }
        return new GeneratedText(text, spans);
    }

    private static int clip(int position, int length) {
        return Math.max(0, Math.min(position, length));
    }
}
