package dev.chorus.model.generate;

import dev.chorus.model.family.GenerationDefaults;
import java.util.List;

/**
 * How to complete prompts.
 *
 * @param maxNewTokens longest completion, at least 1
 * @param samples      completions a prompt, at least 1; more than one needs a temperature
 * @param temperature  divides the logits before sampling; 0 takes the most probable token every time
 * @param topK         samples from this many most probable tokens; 0 for all
 * @param topP         samples from the fewest tokens that hold this probability together (Holtzman et al., arXiv:1904.09751),
 *                     after topK; 1 for all
 * @param beams        hypotheses of a beam search, 1 for none; it does not sample
 * @param nBest        of them that are returned
 * @param stop         texts that end a completion and are no part of it
 * @param ignoreEos    whether the end of sequence is a token like others, so that every completion gets its full length
 * @param seed         a sampled completion is a function of it, of the prompt's number and of the sample's number
 * @param rows         sequences that run at a time
 * @param defaults     what the model's folder asks for besides: a penalty on repetition, tokens that may not come
 */
public record GenerationSettings(
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
        GenerationDefaults defaults) {

    /** Refuses numbers that make no sense. */
    public GenerationSettings {
        atLeastOne("maxNewTokens", maxNewTokens);
        atLeastOne("samples", samples);
        atLeastOne("beams", beams);
        atLeastOne("rows", rows);
        require(
                temperature >= 0 && Double.isFinite(temperature),
                "temperature: expected 0 or more, got " + temperature);
        require(topK >= 0, "topK: expected 0 or more, got " + topK);
        require(topP > 0 && topP <= 1, "topP: expected above 0 and up to 1, got " + topP);
        require(nBest >= 1 && nBest <= beams, "nBest: expected 1 to the number of beams, got " + nBest);
        require(
                samples == 1 || temperature > 0,
                "several samples need a temperature; without one they are all the same");
        require(beams == 1 || temperature == 0, "beam search does not sample; set the temperature to 0");
        stop = List.copyOf(stop);
        require(stop.stream().noneMatch(String::isEmpty), "stop: an empty text would end every completion");
    }

    /** Without anything that the model's folder asks for. */
    public GenerationSettings(
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
            int rows) {
        this(
                maxNewTokens,
                samples,
                temperature,
                topK,
                topP,
                beams,
                nBest,
                stop,
                ignoreEos,
                seed,
                rows,
                GenerationDefaults.NONE);
    }

    /** The most probable token every time, 32 prompts at a time. */
    public static GenerationSettings greedy(int maxNewTokens) {
        return new GenerationSettings(maxNewTokens, 1, 0, 0, 1, 1, 1, List.of(), false, 0, 32);
    }

    /** The same with another number of sequences at a time. */
    public GenerationSettings withRows(int count) {
        return new GenerationSettings(
                maxNewTokens, samples, temperature, topK, topP, beams, nBest, stop, ignoreEos, seed, count, defaults);
    }

    /** The same with these rules of the model's folder. */
    public GenerationSettings withDefaults(GenerationDefaults rules) {
        return new GenerationSettings(
                maxNewTokens, samples, temperature, topK, topP, beams, nBest, stop, ignoreEos, seed, rows, rules);
    }

    private static void atLeastOne(String name, int value) {
        require(value >= 1, name + ": expected 1 or more, got " + value);
    }

    private static void require(boolean condition, String problem) {
        if (!condition) {
            throw new IllegalArgumentException(problem);
        }
    }
}
