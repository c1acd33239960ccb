package dev.chorus.supervise;

import dev.chorus.labels.ItemWeights;
import dev.chorus.labels.TextAggregate;
import dev.chorus.labels.TextLabels;
import dev.chorus.model.batch.Sequence;
import dev.chorus.task.SentencePrompt;
import dev.chorus.text.Tokenizer;
import java.util.Arrays;
import java.util.List;

/**
 * What a student of texts may learn from.
 *
 * @param tokenizer the student's
 * @param longest   tokens of a sequence at most: the student's positions
 * @param prompts   [N] token ids as the student reads them
 * @param labels    of W weak models; empty if nobody is to be learned from but gold
 * @param aggregate of the labels; null likewise
 * @param gold      [N] the gold answer; for the ceiling and the weak models alone
 * @param rescored  [W][N][C] mean log-probability a token, nats, of every text of {@link Joint#pool} under every weak model; null unless
 *                  a supervision {@link Supervision#rescores asks for it}
 * @param weights   [N] how much each item counts
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record TextSet(
        Tokenizer tokenizer,
        int longest,
        List<int[]> prompts,
        List<TextLabels> labels,
        TextAggregate aggregate,
        List<String> gold,
        double[][][] rescored,
        ItemWeights weights) {
    /** Without scores. */
    public TextSet(
            Tokenizer tokenizer,
            int longest,
            List<int[]> prompts,
            List<TextLabels> labels,
            TextAggregate aggregate,
            List<String> gold,
            ItemWeights weights) {
        this(tokenizer, longest, prompts, labels, aggregate, gold, null, weights);
    }

    /** A prompt with an answer and its end; an answer that does not fit is cut, and its end is not taught then. */
    public Sequence sequence(int item, String answer) {
        Sequence whole = Sequence.of(prompts.get(item), SentencePrompt.completion(tokenizer, answer));
        return whole.tokens().length <= longest
                ? whole
                : new Sequence(Arrays.copyOf(whole.tokens(), longest), whole.start());
    }
}
