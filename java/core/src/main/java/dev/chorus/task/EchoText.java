package dev.chorus.task;

import dev.chorus.model.batch.Sequence;
import dev.chorus.text.Tokenizer;
import dev.chorus.torch.CounterRandom;
import java.util.ArrayList;
import java.util.List;

/**
 * What a strong base model reads before it is taught: unlabelled sentences, as a causal language model.
 *
 * <p>A share of them is followed by the separator and pieces of the sentence itself ("wake me at five am" {@code <sep>} "five
 * am; wake"). That is still nothing but next-token prediction on unlabelled text, and it teaches the model to look back and
 * copy, which short sentences alone never reward.
 */
public final class EchoText {
    private static final int MOST_PIECES = 3;
    private static final int LONGEST_PIECE = 4;

    private EchoText() {}

    /**
     * Token sequences, one or two a line.
     *
     * @param echo share of the lines that come with their pieces, 0 to 1
     */
    public static List<Sequence> sequences(Tokenizer tokenizer, List<String> lines, double echo, long seed) {
        List<Sequence> sequences = new ArrayList<>();
        CounterRandom random = CounterRandom.of(seed, "pretrain/echo");
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.isEmpty()) {
                continue;
            }
            if (random.uniform(i) < echo) {
                int[] prompt = SentencePrompt.encode(tokenizer, line);
                int[] pieces =
                        SentencePrompt.completion(tokenizer, pieces(line, CounterRandom.of(seed, "pieces/" + i)));
                sequences.add(new Sequence(Sequence.of(prompt, pieces).tokens(), 1));
            } else {
                sequences.add(new Sequence(SentencePrompt.completion(tokenizer, line), 1));
            }
        }
        return sequences;
    }

    private static String pieces(String line, CounterRandom random) {
        String[] words = line.split(" +");
        int count = 1 + random.below(MOST_PIECES, 0);
        List<String> pieces = new ArrayList<>();
        for (int p = 0; p < count; p++) {
            int length = 1 + random.below(Math.min(LONGEST_PIECE, words.length), 2L * p + 1);
            int from = random.below(words.length - length + 1, 2L * p + 2);
            pieces.add(String.join(" ", java.util.Arrays.copyOfRange(words, from, from + length)));
        }
        return String.join("; ", pieces);
    }
}
