package dev.chorus.model.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.text.Shown;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a model's {@code generation_config.json} asks of generation beyond the ends of sequences.
 *
 * @param repetitionPenalty divides the logits above 0, and multiplies those below, of every token that is there already, the
 *                          prompt's included (Keskar et al., arXiv:1909.05858); 1 for none
 * @param noRepeatNgram     no sequence of so many tokens comes twice, the prompt's included; 0 for no such rule
 * @param minNewTokens      the sequence does not end before so many new tokens
 * @param suppressed        tokens that are never generated
 * @param suppressedFirst   tokens that do not begin a completion
 * @param sampling          how it samples, such as {@code temperature 0.6}; the caller's own settings count instead
 * @param notApplied        other settings, which have no effect here, such as {@code typical_p 0.9}
 */
public record GenerationDefaults(
        double repetitionPenalty,
        int noRepeatNgram,
        int minNewTokens,
        List<Integer> suppressed,
        List<Integer> suppressedFirst,
        List<String> sampling,
        List<String> notApplied) {
    /** Nothing is asked for. */
    public static final GenerationDefaults NONE =
            new GenerationDefaults(1, 0, 0, List.of(), List.of(), List.of(), List.of());

    /** Keys without a consequence here: bookkeeping, lengths that the caller gives, what is read elsewhere. */
    private static final Set<String> HARMLESS = Set.of(
            "_from_model_config",
            "bos_token_id",
            "cache_implementation",
            "decoder_start_token_id",
            "do_sample",
            "eos_token_id",
            "max_length",
            "max_new_tokens",
            "output_attentions",
            "output_hidden_states",
            "output_logits",
            "output_scores",
            "pad_token_id",
            "return_dict_in_generate",
            "transformers_version",
            "use_cache");

    /** Ways of sampling, with the values that change nothing. */
    private static final Map<String, Double> SAMPLING = Map.of(
            "temperature",
            1.0,
            "top_k",
            0.0,
            "top_p",
            1.0,
            "min_p",
            0.0,
            "typical_p",
            1.0,
            "epsilon_cutoff",
            0.0,
            "eta_cutoff",
            0.0);

    /** Values that change nothing. */
    private static final Map<String, Double> NEUTRAL = Map.of(
            "diversity_penalty", 0.0,
            "encoder_no_repeat_ngram_size", 0.0,
            "encoder_repetition_penalty", 1.0,
            "guidance_scale", 1.0,
            "length_penalty", 1.0,
            "min_length", 0.0,
            "num_beam_groups", 1.0,
            "num_beams", 1.0,
            "num_return_sequences", 1.0,
            "penalty_alpha", 0.0);

    private static final int MOST = 1 << 20;

    /** Refuses what has no meaning. */
    public GenerationDefaults {
        if (!(repetitionPenalty > 0) || Double.isInfinite(repetitionPenalty)) {
            throw new IllegalArgumentException(
                    "repetitionPenalty: expected a number above 0, got " + repetitionPenalty);
        }
        if (noRepeatNgram < 0 || minNewTokens < 0) {
            throw new IllegalArgumentException("noRepeatNgram and minNewTokens: expected 0 or more, got "
                    + noRepeatNgram + " and " + minNewTokens);
        }
        suppressed = List.copyOf(suppressed);
        suppressedFirst = List.copyOf(suppressedFirst);
        sampling = List.copyOf(sampling);
        notApplied = List.copyOf(notApplied);
    }

    /** Whether the next token depends on anything but the model. */
    public boolean none() {
        return repetitionPenalty == 1
                && noRepeatNgram == 0
                && minNewTokens == 0
                && suppressed.isEmpty()
                && suppressedFirst.isEmpty();
    }

    /** The same with another penalty. */
    public GenerationDefaults withRepetitionPenalty(double penalty) {
        return new GenerationDefaults(
                penalty, noRepeatNgram, minNewTokens, suppressed, suppressedFirst, sampling, notApplied);
    }

    /** The same with another length of sequences that do not come twice. */
    public GenerationDefaults withNoRepeatNgram(int tokens) {
        return new GenerationDefaults(
                repetitionPenalty, tokens, minNewTokens, suppressed, suppressedFirst, sampling, notApplied);
    }

    /** Sentences for a person on what was found, none if there is nothing to say. */
    public List<String> notes() {
        List<String> applied = new ArrayList<>();
        if (repetitionPenalty != 1) {
            applied.add("repetition_penalty " + repetitionPenalty);
        }
        if (noRepeatNgram > 0) {
            applied.add("no_repeat_ngram_size " + noRepeatNgram);
        }
        if (minNewTokens > 0) {
            applied.add("min_new_tokens " + minNewTokens);
        }
        if (!suppressed.isEmpty()) {
            applied.add("suppress_tokens (" + suppressed.size() + ")");
        }
        if (!suppressedFirst.isEmpty()) {
            applied.add("begin_suppress_tokens (" + suppressedFirst.size() + ")");
        }
        List<String> notes = new ArrayList<>();
        if (!applied.isEmpty()) {
            notes.add("applied: " + String.join(", ", applied));
        }
        if (!sampling.isEmpty()) {
            notes.add("the model's own way of sampling (" + String.join(", ", sampling)
                    + ") is not taken over; options of the command count");
        }
        if (!notApplied.isEmpty()) {
            notes.add("not applied: " + Shown.names(notApplied));
        }
        return notes;
    }

    /**
     * Reads a file's object.
     *
     * @param name what messages call it
     * @throws ConfigProblem if a value is of the wrong kind; names the key
     */
    static GenerationDefaults read(ObjectNode json, String name) {
        ConfigJson config = new ConfigJson(json, name);
        double penalty = config.positive("repetition_penalty", 1);
        int ngram = count(config, "no_repeat_ngram_size");
        int minimum = count(config, "min_new_tokens");
        List<Integer> suppressed = ids(config, json, "suppress_tokens");
        List<Integer> first = ids(config, json, "begin_suppress_tokens");
        boolean samples = config.flag("do_sample", false);
        List<String> sampling = new ArrayList<>();
        List<String> others = new ArrayList<>();
        json.properties().forEach(entry -> {
            String key = entry.getKey();
            JsonNode value = entry.getValue();
            if (SAMPLING.containsKey(key)) {
                double number = config.number(key, SAMPLING.get(key));
                if (samples && number != SAMPLING.get(key)) {
                    sampling.add(key + " " + Shown.value(value));
                }
            } else if (config.unread().contains(key) && !HARMLESS.contains(key) && !neutral(key, value)) {
                others.add(key + " " + Shown.value(value));
            }
        });
        return new GenerationDefaults(penalty, ngram, minimum, suppressed, first, sampling, others);
    }

    private static boolean neutral(String key, JsonNode value) {
        return value.isNull()
                || (value.isBoolean() && !value.asBoolean())
                || (value.isContainerNode() && value.isEmpty())
                || (value.isNumber() && NEUTRAL.containsKey(key) && value.asDouble() == NEUTRAL.get(key));
    }

    private static int count(ConfigJson config, String key) {
        int count = config.integer(key, 0);
        if (count < 0 || count > MOST) {
            throw config.problem(key + ": expected a whole number from 0 to " + MOST + ", got " + count);
        }
        return count;
    }

    private static List<Integer> ids(ConfigJson config, ObjectNode json, String key) {
        if (!config.has(key)) {
            return List.of();
        }
        List<Integer> ids = new ArrayList<>();
        for (JsonNode id : json.get(key)) {
            if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0) {
                throw config.problem(key + ": expected token ids, got " + Shown.value(id));
            }
            ids.add(id.intValue());
        }
        if (!json.get(key).isArray()) {
            throw config.problem(key + ": expected a list of token ids, got " + Shown.value(json.get(key)));
        }
        return ids;
    }
}
