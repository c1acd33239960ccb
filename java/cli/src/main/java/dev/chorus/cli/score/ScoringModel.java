package dev.chorus.cli.score;

import dev.chorus.text.CompletionTokens;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.DoubleConsumer;

/** A language model as {@code chorus score} sees it. Opening reads the tokenizer only; {@link #score} reads the weights. */
public interface ScoringModel extends AutoCloseable {
    /** Opens model folders. */
    interface Opener {
        /** Opens one; the caller closes it. */
        ScoringModel open(Path folder, ScoreSettings settings) throws IOException;
    }

    /**
     * How to score.
     *
     * @param dtype       "f32", "bf16", or "auto" for that of the weights
     * @param adapter     folder of a low-rank adapter in PEFT's layout, or null
     * @param join        how prompt and completion meet
     * @param eos         whether the end of sequence is part of every completion
     * @param threads     0 for as many as the library likes
     * @param batchTokens tokens of a batch, roughly
     * @param specials    whether the tokenizer puts its special tokens around the text
     */
    record ScoreSettings(
            String dtype,
            Path adapter,
            CompletionTokens.Join join,
            boolean eos,
            int threads,
            int batchTokens,
            boolean specials) {}

    /**
     * A prompt and its completion as tokens.
     *
     * @throws dev.chorus.text.TokenizerException if the tokenizer makes none of them
     */
    CompletionTokens tokens(String prompt, String completion);

    /** Ids below this one are in the model's vocabulary. */
    default int vocabulary() {
        return Integer.MAX_VALUE;
    }

    /** Sentences for a person on the lines that were read. */
    default List<String> notes() {
        return List.of();
    }

    /** The longest sequence that the model takes, in tokens. */
    int positions();

    /** Whether the model was made for chats, whose template is not applied. */
    boolean hasChatTemplate();

    /**
     * Log-probabilities of the completions' tokens.
     *
     * @param progress hears the share of the work that is done, 0 to 1
     * @return [sequence][completion token] nats, in the order given
     */
    double[][] score(List<CompletionTokens> sequences, DoubleConsumer progress) throws IOException;

    @Override
    void close();
}
