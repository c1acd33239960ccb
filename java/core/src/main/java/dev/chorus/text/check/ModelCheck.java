package dev.chorus.text.check;

import com.fasterxml.jackson.databind.JsonNode;
import dev.chorus.text.Shown;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** The vocabulary and merges of a {@code tokenizer.json}. */
final class ModelCheck {
    private static final int MOST_ENTRIES = 1 << 24;

    /** Longest word that is looked up piece by piece, with time of its square. */
    private static final int LONGEST_WORD = 10_000;

    private ModelCheck() {}

    static void check(Part model) {
        if (!model.node().path("vocab").isContainerNode()) {
            throw model.problem("not a usable tokenizer.json: it has no model.vocab");
        }
        // Older files do not name the type, and the library then guesses it by what is there.
        String type = model.at("type").given() ? model.at("type").text() : guessed(model.node());
        switch (type) {
            case "BPE" -> {
                ids(model.at("vocab"));
                merges(model);
            }
            case "WordPiece" -> {
                ids(model.at("vocab"));
                unknownWord(model);
                Part longest = model.at("max_input_chars_per_word");
                if (longest.given()) {
                    longest.number(1, LONGEST_WORD);
                }
            }
            case "WordLevel" -> {
                ids(model.at("vocab"));
                unknownWord(model);
            }
            case "Unigram" -> unigram(model);
            default -> throw model.at("type").problem("'" + Shown.value(type) + "' is not known");
        }
    }

    private static String guessed(JsonNode model) {
        if (model.has("merges")) {
            return "BPE";
        }
        return model.path("vocab").isArray()
                ? "Unigram"
                : model.has("continuing_subword_prefix") ? "WordPiece" : "WordLevel";
    }

    private static void ids(Part vocabulary) {
        vocabulary.object();
        for (Map.Entry<String, JsonNode> entry : vocabulary.node().properties()) {
            JsonNode id = entry.getValue();
            if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0 || id.intValue() > Part.MOST_ID) {
                new Part(vocabulary.file(), vocabulary.path() + "." + Shown.value(entry.getKey()), id).id();
            }
        }
    }

    private static void unknownWord(Part model) {
        Part unknown = model.at("unk_token");
        if (!model.node().path("vocab").has(unknown.text())) {
            throw unknown.problem("'" + Shown.value(unknown.text())
                    + "' is not in the vocabulary, so a word that is not " + "there either has no token");
        }
    }

    private static void merges(Part model) {
        JsonNode vocabulary = model.node().path("vocab");
        Part prefixPart = model.at("continuing_subword_prefix");
        String prefix = prefixPart.given() ? prefixPart.text() : "";
        int prefixBytes = prefix.getBytes(StandardCharsets.UTF_8).length;
        for (String affix : List.of("end_of_word_suffix", "unk_token")) {
            if (model.at(affix).given()) {
                model.at(affix).text();
            }
        }
        Part merges = model.at("merges");
        if (!merges.node().isArray()) {
            throw merges.expected("a list");
        }
        int place = 0;
        for (JsonNode merge : merges.node()) {
            String[] pair = pair(merge);
            Part at = new Part(merges.file(), merges.path() + "[" + place++ + "]", merge);
            if (pair == null) {
                throw at.expected("two tokens");
            }
            for (String token : pair) {
                if (!vocabulary.has(token)) {
                    throw at.problem("'" + Shown.value(token) + "' is not in the vocabulary");
                }
            }
            String second = pair[1];
            if (!prefix.isEmpty()) {
                // The library cuts as many bytes off the second token, whether it begins with them or not.
                if (!second.startsWith(prefix)) {
                    byte[] bytes = second.getBytes(StandardCharsets.UTF_8);
                    throw at.problem("'" + Shown.value(second) + "' of " + bytes.length
                            + " bytes does not begin with continuing_subword_prefix (" + prefixBytes + " bytes)");
                }
                second = second.substring(prefix.length());
            }
            if (!vocabulary.has(pair[0] + second)) {
                throw at.problem("'" + Shown.value(pair[0] + second) + "' is not in the vocabulary");
            }
        }
    }

    private static String[] pair(JsonNode merge) {
        if (merge.isTextual()) {
            String[] pair = merge.textValue().split(" ", -1);
            return pair.length == 2 ? pair : null;
        }
        return merge.size() == 2 && merge.path(0).isTextual() && merge.path(1).isTextual()
                ? new String[] {merge.get(0).textValue(), merge.get(1).textValue()}
                : null;
    }

    private static void unigram(Part model) {
        Part vocabulary = model.at("vocab");
        if (!vocabulary.node().isArray()
                || vocabulary.node().isEmpty()
                || vocabulary.node().size() > MOST_ENTRIES) {
            throw vocabulary.expected("a list of tokens and scores");
        }
        int place = 0;
        for (JsonNode entry : vocabulary.node()) {
            boolean good = entry.isArray()
                    && entry.size() == 2
                    && entry.get(0).isTextual()
                    && entry.get(1).isNumber()
                    && Double.isFinite(entry.get(1).doubleValue());
            if (!good) {
                throw new Part(vocabulary.file(), vocabulary.path() + "[" + place + "]", entry)
                        .expected("a token and its score");
            }
            place++;
        }
        Part unknown = model.at("unk_id");
        if (!unknown.given()) {
            throw unknown.problem(
                    "is missing, so a character outside the vocabulary has no token; name the unknown token's id");
        }
        unknown.number(0, vocabulary.node().size() - 1);
    }
}
