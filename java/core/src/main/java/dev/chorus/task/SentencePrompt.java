package dev.chorus.task;

import dev.chorus.text.Tokenizer;
import dev.chorus.text.TokenizerException;
import java.util.Arrays;
import java.util.OptionalInt;

/**
 * A sentence as every task begins: its tokens, then a separator, behind which a model answers.
 *
 * <p>The separator is {@code <sep>} where the tokenizer has one, otherwise the tokens of a line break, which every model has
 * read. A tokenizer that begins its texts with a token of its own (Llama's) does so here.
 */
public final class SentencePrompt {
    private static final String LINE_BREAK = "\n";

    private SentencePrompt() {}

    /**
     * Token ids: the sentence, the separator.
     *
     * @throws TokenizerException if there is nothing to separate with
     */
    public static int[] encode(Tokenizer tokenizer, String sentence) {
        return join(join(beginning(tokenizer), tokenizer.encode(sentence)), separator(tokenizer));
    }

    /** Token ids of an answer: the text, the end of sequence. */
    public static int[] completion(Tokenizer tokenizer, String text) {
        return join(tokenizer.encode(text), tokenizer.eos());
    }

    /**
     * Token ids between a sentence and its answer, at least one.
     *
     * @throws TokenizerException if the tokenizer has no {@code <sep>}, and no token for a line break
     */
    public static int[] separator(Tokenizer tokenizer) {
        OptionalInt sep = tokenizer.sepId();
        if (sep.isPresent()) {
            return new int[] {sep.getAsInt()};
        }
        int[] lineBreak = tokenizer.encode(LINE_BREAK);
        OptionalInt unknown = tokenizer.unkId();
        if (lineBreak.length == 0
                || Arrays.stream(lineBreak).anyMatch(id -> unknown.isPresent() && id == unknown.getAsInt())) {
            throw new TokenizerException(
                    tokenizer.name(),
                    "nothing separates a sentence from its answer: there is no sep token, and no token for a line break; name "
                            + "one with the key sep_token in tokenizer_config.json");
        }
        return lineBreak;
    }

    private static int[] beginning(Tokenizer tokenizer) {
        OptionalInt bos = tokenizer.bosId();
        if (bos.isEmpty()) {
            return new int[0];
        }
        int[] empty = tokenizer.encodeWithSpecials("");
        return empty.length > 0 && empty[0] == bos.getAsInt() ? new int[] {empty[0]} : new int[0];
    }

    private static int[] join(int[] first, int... second) {
        int[] out = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, out, first.length, second.length);
        return out;
    }
}
