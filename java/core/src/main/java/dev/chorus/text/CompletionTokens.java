package dev.chorus.text;

import java.util.Arrays;

/**
 * A prompt and its completion as one sequence of tokens, and where the completion begins.
 *
 * @param tokens token ids, the special tokens that the tokenizer puts around a text included
 * @param start  index of the first token of the completion; {@code tokens.length} if it has none
 */
public record CompletionTokens(int[] tokens, int start) {

    /** How prompt and completion meet. A token may begin in the one and end in the other, so the rules differ. */
    public enum Join {
        /**
         * Both are one text to the tokenizer, as they would be in training data. A token that covers any character of the
         * completion belongs to the completion.
         */
        JOINT,
        /** The prompt with the special tokens around it, then the completion's own tokens without. No token spans both. */
        SEPARATE,
        /**
         * Both are one text, and the completion begins behind as many tokens as the prompt alone has: TRL's rule. Where the
         * completion's first characters merge with the prompt's last, the boundary is off by that token.
         */
        PROMPT_LENGTH
    }

    /** Joins a prompt and a completion, with the special tokens that the tokenizer puts around a text. */
    public static CompletionTokens of(
            Tokenizer tokenizer, String prompt, String completion, Join join, boolean endOfSequence) {
        return of(tokenizer, prompt, completion, join, endOfSequence, true);
    }

    /**
     * Joins a prompt and a completion.
     *
     * @param specials      whether the special tokens that the tokenizer puts around a text are there
     * @param endOfSequence appends the end-of-sequence token to the completion, unless the tokenizer has just done so
     * @throws IllegalStateException if the tokenizer has no end-of-sequence token and {@code endOfSequence} asks for it
     */
    public static CompletionTokens of(
            Tokenizer tokenizer, String prompt, String completion, Join join, boolean endOfSequence, boolean specials) {
        CompletionTokens joined =
                switch (join) {
                    case JOINT -> joint(tokenizer, prompt, completion, specials);
                    case SEPARATE -> separate(tokenizer, prompt, completion, specials);
                    case PROMPT_LENGTH -> promptLength(tokenizer, prompt, completion, specials);
                };
        return endOfSequence ? joined.endedBy(tokenizer.eos()) : joined;
    }

    /** The completion's token ids. */
    public int[] completion() {
        return Arrays.copyOfRange(tokens, start, tokens.length);
    }

    private static CompletionTokens joint(Tokenizer tokenizer, String prompt, String completion, boolean specials) {
        Tokenizer.Tokens both = specials
                ? tokenizer.encodeWithSpecialsAndSpans(prompt + completion)
                : tokenizer.encodeWithSpans(prompt + completion);
        int start = 0;
        // Ends, not beginnings: the bytes of one character share its span, and a token that takes the space before a
        // word
        // begins in the prompt. Special tokens that were added cover nothing, so those in front stay with the prompt.
        while (start < both.ids().length && both.spans()[start][1] <= prompt.length()) {
            start++;
        }
        return new CompletionTokens(both.ids(), start);
    }

    private static CompletionTokens separate(Tokenizer tokenizer, String prompt, String completion, boolean specials) {
        int[] first = encode(tokenizer, prompt, specials);
        int[] second = tokenizer.encode(completion);
        int[] tokens = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, tokens, first.length, second.length);
        return new CompletionTokens(tokens, first.length);
    }

    private static CompletionTokens promptLength(
            Tokenizer tokenizer, String prompt, String completion, boolean specials) {
        int[] both = encode(tokenizer, prompt + completion, specials);
        return new CompletionTokens(both, Math.min(encode(tokenizer, prompt, specials).length, both.length));
    }

    private static int[] encode(Tokenizer tokenizer, String text, boolean specials) {
        return specials ? tokenizer.encodeWithSpecials(text) : tokenizer.encode(text);
    }

    private CompletionTokens endedBy(int eos) {
        if (start < tokens.length && tokens[tokens.length - 1] == eos) {
            return this;
        }
        int[] ended = Arrays.copyOf(tokens, tokens.length + 1);
        ended[tokens.length] = eos;
        return new CompletionTokens(ended, start);
    }
}
