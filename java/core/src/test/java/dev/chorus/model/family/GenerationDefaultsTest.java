package dev.chorus.model.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chorus.model.TinyConfigs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenerationDefaultsTest {
    private static final String CONFIG = """
            {"model_type": "gpt2", "vocab_size": 23, "n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 64}""";

    @Test
    void theUsualRulesAreRead() {
        GenerationDefaults found = read("""
                {"repetition_penalty": 1.3, "no_repeat_ngram_size": 3, "min_new_tokens": 4, "suppress_tokens": [1, 2],
                 "begin_suppress_tokens": [5]}""");
        assertThat(found.repetitionPenalty()).isEqualTo(1.3);
        assertThat(found.noRepeatNgram()).isEqualTo(3);
        assertThat(found.minNewTokens()).isEqualTo(4);
        assertThat(found.suppressed()).containsExactly(1, 2);
        assertThat(found.suppressedFirst()).containsExactly(5);
        assertThat(found.notes())
                .containsExactly("applied: repetition_penalty 1.3, no_repeat_ngram_size 3, min_new_tokens 4, "
                        + "suppress_tokens (2), begin_suppress_tokens (1)");
    }

    @Test
    void theRestIsNamedOnceAndWhatChangesNothingIsNot() {
        GenerationDefaults found = read("""
                {"do_sample": true, "temperature": 0.6, "top_p": 1.0, "length_penalty": 0.8, "num_beams": 1,
                 "shiny_new_rule": 7, "forced_eos_token_id": null, "use_cache": true, "max_length": 20}""");
        assertThat(found.none()).isTrue();
        assertThat(found.notes())
                .containsExactly(
                        "the model's own way of sampling (temperature 0.6) is not taken over; options of the command count",
                        "not applied: [length_penalty 0.8, shiny_new_rule 7]");
        assertThat(read("{\"do_sample\": false, \"temperature\": 0.6}").notes()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'repetition_penalty': 0}               | repetition_penalty: expected a number above 0",
                "{'repetition_penalty': 'much'}          | repetition_penalty: expected a number, got",
                "{'no_repeat_ngram_size': -1}            | no_repeat_ngram_size: expected a whole number from 0",
                "{'min_new_tokens': 2.5}                 | min_new_tokens: expected a whole number",
                "{'suppress_tokens': [-3]}               | suppress_tokens: expected token ids, got -3",
                "{'suppress_tokens': 3}                  | suppress_tokens: expected a list of token ids, got 3",
                "{'temperature': 'hot'}                  | temperature: expected a number",
                "{'do_sample': 'yes'}                    | do_sample: expected true or false",
                "{'eos_token_id': '2'}                   | eos_token_id: expected a token id or a list of them",
                "{'eos_token_id': [2, 99999999999]}      | eos_token_id: expected a token id",
                "{'eos_token_id': 1, 'eos_token_id': 2}  | Duplicate field 'eos_token_id'",
                "[]                                      | expected a JSON object",
                "{} {}                                   | is not JSON",
            })
    void whatIsOfTheWrongKindIsNamed(String json, String problem) {
        assertThatExceptionOfType(ConfigProblem.class)
                .isThrownBy(() -> read(json.replace('\'', '"')))
                .withMessageContaining("generation_config.json: ")
                .withMessageContaining(problem);
    }

    private static GenerationDefaults read(String json) {
        return TinyConfigs.read(CONFIG, "generation_config.json", json).generation();
    }
}
