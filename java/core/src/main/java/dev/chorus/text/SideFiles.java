package dev.chorus.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;

/** The files beside a {@code tokenizer.json}: values of the right kind, or a message with file and key. */
final class SideFiles {
    private static final List<String> FLAGS = List.of(
            "add_bos_token",
            "add_eos_token",
            "add_prefix_space",
            "clean_up_tokenization_spaces",
            "clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output",
            "fix_mistral_regex",
            "legacy",
            "split_special_tokens",
            "trim_offsets");

    private static final int MOST_ID = 1 << 28;

    private SideFiles() {}

    /**
     * Checks them.
     *
     * @param config {@code tokenizer_config.json}, or a missing node
     */
    static void check(TokenizerFiles files, JsonNode config) {
        String file = files.nameOf(TokenizerFiles.CONFIG);
        for (String key : FLAGS) {
            JsonNode value = config.path(key);
            if (!value.isMissingNode() && !value.isNull() && !value.isBoolean()) {
                throw expected(file, key, "true or false", value);
            }
        }
        JsonNode named = config.path("tokenizer_class");
        if (!named.isMissingNode() && !named.isNull() && !named.isTextual()) {
            throw expected(file, "tokenizer_class", "a text", named);
        }
        roles(file, config);
        roles(files.nameOf(TokenizerFiles.SPECIAL_TOKENS), files.json(TokenizerFiles.SPECIAL_TOKENS));
        for (String key : List.of("extra_special_tokens", "additional_special_tokens")) {
            JsonNode list = config.path(key);
            if (!list.isMissingNode() && !list.isNull() && !list.isContainerNode()) {
                throw expected(file, key, "a list of tokens", list);
            }
            list.forEach(token -> token(file, key, token));
        }
        JsonNode decoder = config.path("added_tokens_decoder");
        if (!decoder.isMissingNode() && !decoder.isObject()) {
            throw expected(file, "added_tokens_decoder", "an object", decoder);
        }
        for (Map.Entry<String, JsonNode> entry : decoder.properties()) {
            String key = "added_tokens_decoder." + Shown.value(entry.getKey());
            if (!entry.getKey().matches("[0-9]{1,9}") || Integer.parseInt(entry.getKey()) > MOST_ID) {
                throw new TokenizerException(file, key + ": expected a token id from 0 to " + MOST_ID + " as the key");
            }
            token(file, key, entry.getValue());
        }
        String added = files.nameOf(TokenizerFiles.ADDED_TOKENS);
        for (Map.Entry<String, JsonNode> entry :
                files.json(TokenizerFiles.ADDED_TOKENS).properties()) {
            JsonNode id = entry.getValue();
            if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0 || id.intValue() > MOST_ID) {
                throw expected(added, Shown.value(entry.getKey()), "a token id from 0 to " + MOST_ID, id);
            }
            whole(added, Shown.value(entry.getKey()), entry.getKey());
        }
    }

    private static void roles(String file, JsonNode source) {
        for (Map.Entry<String, JsonNode> entry : source.properties()) {
            boolean token = entry.getKey().endsWith("_token") && !entry.getKey().startsWith("add_");
            if (token && !entry.getValue().isNull()) {
                token(file, Shown.value(entry.getKey()), entry.getValue());
            }
        }
    }

    /** A token is a text, or an object with one and flags. */
    private static void token(String file, String key, JsonNode token) {
        JsonNode text = token.isObject() ? token.path("content") : token;
        if (!text.isTextual()) {
            throw expected(file, key, "a token's text", token);
        }
        whole(file, key, text.textValue());
        for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized", "special")) {
            JsonNode value = token.path(flag);
            if (!value.isMissingNode() && !value.isBoolean()) {
                throw expected(file, key + "." + flag, "true or false", value);
            }
        }
    }

    private static void whole(String file, String key, String text) {
        if (!WholeText.is(text)) {
            throw new TokenizerException(
                    file, key + ": holds half a character (an unpaired surrogate): " + Shown.value(text));
        }
    }

    private static TokenizerException expected(String file, String key, String what, JsonNode got) {
        return new TokenizerException(file, key + ": expected " + what + ", got " + Shown.value(got));
    }
}
