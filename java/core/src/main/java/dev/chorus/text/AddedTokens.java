package dev.chorus.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tokens that are found in a text before the model sees it, with the ids that Hugging Face's library gives them: the
 * vocabulary's where it has the text, else the next free one behind vocabulary and added tokens.
 */
final class AddedTokens {
    private static final List<String> FLAGS = List.of("single_word", "lstrip", "rstrip");

    private final Map<String, Integer> vocabulary = new HashMap<>();
    private final Map<String, ObjectNode> tokens = new LinkedHashMap<>();
    private int highest = -1;
    private int next;

    /** None yet, over a model's vocabulary. */
    AddedTokens(JsonNode root) {
        JsonNode vocab = root.path("model").path("vocab");
        if (vocab.isArray()) {
            // A unigram model lists pairs of text and score; the place is the id.
            for (int i = 0; i < vocab.size(); i++) {
                vocabulary.put(vocab.get(i).path(0).asText(), i);
            }
            highest = vocab.size() - 1;
        } else {
            vocab.properties().forEach(entry -> {
                int id = entry.getValue().asInt();
                vocabulary.put(entry.getKey(), id);
                highest = Math.max(highest, id);
            });
        }
        next = vocab.size();
    }

    /**
     * Adds a token, or changes the flags of one that is there.
     *
     * @param token text alone, for a special token, or an object with "content" and flags
     */
    void add(JsonNode token) {
        String text = text(token);
        if (text.isEmpty()) {
            return;
        }
        ObjectNode known = tokens.get(text);
        Integer id = known == null
                ? vocabulary.get(text)
                : Integer.valueOf(known.get("id").asInt());
        if (id == null) {
            id = next;
        }
        if (id >= next) {
            next = id + 1;
        }
        highest = Math.max(highest, id);
        ObjectNode entry = JsonNodeFactory.instance.objectNode().put("id", id).put("content", text);
        FLAGS.forEach(flag -> entry.put(flag, token.path(flag).asBoolean(false)));
        boolean special = token.path("special").asBoolean(token.isTextual());
        entry.put("normalized", token.path("normalized").asBoolean(!special));
        entry.put("special", special);
        tokens.put(text, entry);
    }

    /** Adds a special token unless it is there. */
    void addIfMissing(JsonNode token) {
        if (!tokens.containsKey(text(token))) {
            add(token.isTextual() ? token : ((ObjectNode) token.deepCopy()).put("special", true));
        }
    }

    /** Id of a token that was added. */
    int id(String text) {
        return tokens.get(text).get("id").asInt();
    }

    /** Highest id + 1. */
    int vocabSize() {
        return highest + 1;
    }

    /** As {@code tokenizer.json} lists them. */
    ArrayNode list() {
        return JsonNodeFactory.instance.arrayNode().addAll(tokens.values());
    }

    /** The text of a token that is written as text alone, or as an object with "content". */
    static String text(JsonNode token) {
        return token.isTextual() ? token.asText() : token.path("content").asText("");
    }
}
