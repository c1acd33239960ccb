package dev.chorus.cli.generate;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.DoubleConsumer;

/** A language model as {@code chorus generate} sees it. Opening reads the tokenizer only; {@link #generate} the weights. */
public interface GeneratingModel extends AutoCloseable {
    /** Opens model folders. */
    interface Opener {
        /** Opens one; the caller closes it. */
        GeneratingModel open(Path folder, GenerateSettings settings) throws IOException;
    }

    /**
     * What to generate.
     *
     * @param dtype        "f32", "bf16", or "auto" for that of the weights
     * @param adapter      folder of a low-rank adapter in PEFT's layout, or null
     * @param threads      0 for as many as the library likes
     * @param maxNewTokens at least 1
     * @param samples      completions a prompt by sampling
     * @param temperature  0 for the most probable token every time
     * @param topK         0 for no limit
     * @param topP         above 0, to 1 for no limit
     * @param beams        1 for no beam search
     * @param nBest        completions a prompt by beam search, at most {@code beams}
     * @param stop         texts that end a completion; not part of it
     * @param ignoreEos    whether the end of sequence ends nothing
     * @param seed         of the sampling
     * @param rows         sequences that run at a time
     * @param specials     whether the tokenizer puts its special tokens around a prompt
     * @param repetitionPenalty in place of that of the folder's generation_config.json; null for the folder's
     * @param noRepeatNgram     likewise
     */
    record GenerateSettings(
            String dtype,
            Path adapter,
            int threads,
            int maxNewTokens,
            int samples,
            double temperature,
            int topK,
            double topP,
            int beams,
            int nBest,
            List<String> stop,
            boolean ignoreEos,
            long seed,
            int rows,
            boolean specials,
            Double repetitionPenalty,
            Integer noRepeatNgram) {}

    /**
     * One completion.
     *
     * @param text         without special tokens and without the text that stopped it
     * @param logps        nats of every generated token, the end of sequence included
     * @param finishReason "stop" for the end of sequence or a stop text, "length" for the longest that was asked for
     */
    record Completion(String text, double[] logps, String finishReason) {}

    /**
     * A prompt as tokens, with the special tokens that belong around it.
     *
     * @throws dev.chorus.text.TokenizerException if the tokenizer makes none of it
     */
    int[] tokens(String prompt);

    /** Ids below this one are in the model's vocabulary. */
    default int vocabulary() {
        return Integer.MAX_VALUE;
    }

    /** Sentences for a person, on what the folder asks for and on the prompts that were read. */
    default List<String> notes() {
        return List.of();
    }

    /** The longest sequence that the model takes, in tokens. */
    int positions();

    /** Whether the model was made for chats, whose template is not applied. */
    boolean hasChatTemplate();

    /**
     * Completes prompts.
     *
     * @param numbers  [prompt] line of each in its file: a sample is a function of it, of the seed, and of its own number
     * @param progress hears the share of the work that is done, 0 to 1
     * @return [prompt][sample or place in the n-best list], in the order given
     */
    List<List<Completion>> generate(List<int[]> prompts, long[] numbers, DoubleConsumer progress) throws IOException;

    @Override
    void close();
}
