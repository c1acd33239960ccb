package dev.chorus.text;

/** A sentence as every task begins: its tokens, then the separator, behind which a model answers. */
public final class SentencePrompt {
    private SentencePrompt() {}

    /** Token ids: the sentence, {@code <sep>}. */
    public static int[] encode(Tokenizer tokenizer, String sentence) {
        return append(tokenizer.encode(sentence), tokenizer.sep());
    }

    /** Token ids of an answer: the text, {@code <eos>}. */
    public static int[] completion(Tokenizer tokenizer, String text) {
        return append(tokenizer.encode(text), tokenizer.eos());
    }

    private static int[] append(int[] ids, int last) {
        int[] out = java.util.Arrays.copyOf(ids, ids.length + 1);
        out[ids.length] = last;
        return out;
    }
}
