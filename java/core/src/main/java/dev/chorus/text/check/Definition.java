package dev.chorus.text.check;

import com.fasterxml.jackson.databind.JsonNode;
import dev.chorus.text.Shown;
import dev.chorus.text.TokenizerException;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A {@code tokenizer.json} before the native library sees it. The library is written in Rust, which ends the process where it
 * meets what it did not expect; so what is known to lead there is refused here, by file and place: broken tables of
 * normalisations, patterns that match nothing, templates with undeclared tokens, merges outside the vocabulary, half characters.
 * What is merely wrong (a missing field, an unknown word) the library says itself.
 */
public final class Definition {
    /**
     * A text may not become longer than so many times itself. The tables of Unicode come to 18, with a change of case and once
     * more by SentencePiece's table to 648.
     */
    public static final int MOST_GROWTH = 1000;

    /** Parts in a sequence, and sequences in a sequence. */
    private static final int MOST_PARTS = 100;

    private static final int DEEPEST = 8;
    private static final int MOST_ENTRIES = 1 << 24;
    private static final int LONGEST_TEXT = 10_000;

    private Definition() {}

    /**
     * Checks a file's object.
     *
     * @param root {@code tokenizer.json}
     * @param file what messages call it
     * @return how many times longer than itself a text can become, at most {@link #MOST_GROWTH}
     * @throws TokenizerException if it cannot be used; names the place
     */
    public static double check(JsonNode root, String file) {
        Part whole = new Part(file, "", root).object();
        wholeCharacters(whole, StandardCharsets.UTF_8.newEncoder(), 0);
        ModelCheck.check(whole.at("model"));
        addedTokens(whole.at("added_tokens"));
        double growth = 1;
        if (whole.at("normalizer").given()) {
            growth = normalizer(whole.at("normalizer"), 0);
        }
        if (growth > MOST_GROWTH) {
            throw whole.at("normalizer")
                    .problem("makes a text up to " + Math.round(Math.min(growth, 1e15)) + " times as long, at most "
                            + MOST_GROWTH + " are allowed");
        }
        if (whole.at("pre_tokenizer").given()) {
            preTokenizer(whole.at("pre_tokenizer"), 0);
        }
        if (whole.at("post_processor").given()) {
            postProcessor(whole.at("post_processor"), 0);
        }
        if (whole.at("decoder").given() && decoder(whole.at("decoder"), 0) > MOST_GROWTH) {
            throw whole.at("decoder").problem("makes a text more than " + MOST_GROWTH + " times as long");
        }
        return growth;
    }

    /** Every text in the file, keys too, must be one that UTF-8 can write. */
    private static void wholeCharacters(Part part, CharsetEncoder utf8, int depth) {
        JsonNode node = part.node();
        if (depth > 30) {
            throw part.problem("nested more than 30 deep");
        }
        if (node.isTextual() && !utf8.canEncode(node.textValue())) {
            throw part.problem("holds half a character (an unpaired surrogate): " + Shown.value(node.textValue()));
        }
        if (node.isObject()) {
            for (Map.Entry<String, JsonNode> entry : node.properties()) {
                if (!utf8.canEncode(entry.getKey())) {
                    throw part.problem("a key holds half a character: " + Shown.value(entry.getKey()));
                }
                if (!entry.getValue().isNumber()) {
                    wholeCharacters(
                            new Part(part.file(), part.path() + "." + entry.getKey(), entry.getValue()),
                            utf8,
                            depth + 1);
                }
            }
        } else if (node.isArray()) {
            for (JsonNode each : node) {
                wholeCharacters(new Part(part.file(), part.path(), each), utf8, depth + 1);
            }
        }
    }

    private static void addedTokens(Part tokens) {
        if (!tokens.given()) {
            return;
        }
        for (Part token : tokens.list(MOST_ENTRIES)) {
            token.object();
            token.at("id").id();
            String text = token.at("content").text();
            if (text.length() > LONGEST_TEXT) {
                throw token.at("content").problem("a token of " + text.length() + " characters");
            }
            for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized", "special")) {
                token.at(flag).flag(false);
            }
        }
    }

    /** How many characters can come of one. */
    private static double normalizer(Part part, int depth) {
        String type = type(part, depth);
        return switch (type) {
            case "Sequence" -> {
                double growth = 1;
                for (Part each : part.at("normalizers").list(MOST_PARTS)) {
                    growth *= normalizer(each, depth + 1);
                }
                yield growth;
            }
            case "Strip", "StripAccents", "Nmt" -> 1;
            // A dotted capital I becomes two characters.
            case "Lowercase" -> 2;
            case "NFC" -> 3;
            case "NFD" -> 4;
            case "NFKC", "NFKD" -> 18;
            // Spaces around ideographs; accents apart before they go.
            case "BertNormalizer" -> 12;
            case "ByteLevel" -> 4;
            case "Precompiled" -> Charsmap.longestReplacement(part.at("precompiled_charsmap"));
            case "Prepend" -> 1 + nonEmpty(part.at("prepend")).length();
            case "Replace" -> replaced(part);
            default -> throw unknown(part, type);
        };
    }

    private static double replaced(Part part) {
        pattern(part.at("pattern"));
        JsonNode literal = part.at("pattern").node().path("String");
        int length = literal.isTextual() ? literal.textValue().length() : 1;
        return Math.max(1, (double) part.at("content").text().length() / length);
    }

    private static void preTokenizer(Part part, int depth) {
        String type = type(part, depth);
        switch (type) {
            case "Sequence" -> part.at("pretokenizers").list(MOST_PARTS).forEach(each -> preTokenizer(each, depth + 1));
            case "Split" -> pattern(part.at("pattern"));
            case "FixedLength" -> part.at("length").number(1, Part.MOST_ID);
            case "Metaspace" -> oneCharacter(part.at("replacement"));
            case "CharDelimiterSplit" -> oneCharacter(part.at("delimiter"));
            case "BertPreTokenizer",
                    "ByteLevel",
                    "Whitespace",
                    "WhitespaceSplit",
                    "Punctuation",
                    "Digits",
                    "UnicodeScripts" -> {}
            default -> throw unknown(part, type);
        }
    }

    private static void postProcessor(Part part, int depth) {
        String type = type(part, depth);
        switch (type) {
            case "Sequence" -> part.at("processors").list(MOST_PARTS).forEach(each -> postProcessor(each, depth + 1));
            case "TemplateProcessing" -> template(part);
            case "BertProcessing", "RobertaProcessing" -> {
                for (String end : List.of("sep", "cls")) {
                    List<Part> pair = part.at(end).list(2);
                    if (pair.size() != 2) {
                        throw part.at(end).expected("a token and its id");
                    }
                    pair.get(0).text();
                    pair.get(1).id();
                }
            }
            case "ByteLevel" -> {}
            default -> throw unknown(part, type);
        }
    }

    /** Each special token of a template is declared, with as many ids as texts; one text has a place for itself alone. */
    private static void template(Part part) {
        Set<String> declared = new HashSet<>();
        Part tokens = part.at("special_tokens").object();
        for (Map.Entry<String, JsonNode> entry : tokens.node().properties()) {
            Part token = new Part(part.file(), tokens.path() + "." + entry.getKey(), entry.getValue()).object();
            if (!token.at("id").text().equals(entry.getKey())) {
                throw token.at("id").problem("is another than its key");
            }
            List<Part> ids = token.at("ids").list(MOST_PARTS);
            List<Part> texts = token.at("tokens").list(MOST_PARTS);
            if (ids.isEmpty() || ids.size() != texts.size()) {
                throw token.problem(
                        ids.size() + " ids and " + texts.size() + " tokens, expected as many, at least one");
            }
            ids.forEach(Part::id);
            texts.forEach(Part::text);
            declared.add(entry.getKey());
        }
        pieces(part.at("single"), declared, List.of("A"));
        if (part.at("pair").given()) {
            pieces(part.at("pair"), declared, List.of("A", "B"));
        }
    }

    private static void pieces(Part template, Set<String> declared, List<String> texts) {
        Set<String> found = new HashSet<>();
        for (Part piece : template.list(MOST_PARTS)) {
            Part special = piece.at("SpecialToken");
            if (special.given()) {
                String id = special.at("id").text();
                if (!declared.contains(id)) {
                    throw special.problem("'" + Shown.value(id) + "' is not declared in special_tokens");
                }
                special.at("type_id").id();
            } else {
                Part sequence = piece.at("Sequence").object();
                String id = sequence.at("id").text();
                if (!texts.contains(id) || !found.add(id)) {
                    throw sequence.problem("'" + Shown.value(id) + "', expected " + texts + ", each once");
                }
                sequence.at("type_id").id();
            }
        }
        if (found.size() != texts.size()) {
            throw template.problem("has no place for the text; expected " + texts + ", each once");
        }
    }

    private static double decoder(Part part, int depth) {
        String type = type(part, depth);
        return switch (type) {
            case "Sequence" -> {
                double growth = 1;
                for (Part each : part.at("decoders").list(MOST_PARTS)) {
                    growth *= decoder(each, depth + 1);
                }
                yield growth;
            }
            case "Replace" -> replaced(part);
            case "Strip" -> {
                oneCharacter(part.at("content"));
                part.at("start").number(0, LONGEST_TEXT);
                if (part.at("stop").number(0, LONGEST_TEXT) > 0) {
                    throw part.at("stop")
                            .problem("characters are taken off the end, which fails on shorter tokens; expected 0");
                }
                yield 1;
            }
            case "BPEDecoder" -> {
                if (part.at("suffix").given()) {
                    nonEmpty(part.at("suffix"));
                }
                yield 1;
            }
            case "CTC" -> {
                part.at("pad_token").text();
                part.at("word_delimiter_token").text();
                yield 1;
            }
            case "Metaspace" -> {
                oneCharacter(part.at("replacement"));
                yield 1;
            }
            case "WordPiece" -> {
                part.at("prefix").text();
                yield 2;
            }
            case "ByteLevel", "ByteFallback", "Fuse" -> 1;
            default -> throw unknown(part, type);
        };
    }

    private static void pattern(Part pattern) {
        pattern.object();
        Part literal = pattern.at("String");
        if (literal.given()) {
            nonEmpty(literal);
            return;
        }
        Part regex = pattern.at("Regex");
        String problem = PatternShape.problem(regex.text());
        if (!problem.isEmpty()) {
            throw regex.problem(problem + ": " + Shown.value(regex.text()));
        }
    }

    private static String type(Part part, int depth) {
        if (depth > DEEPEST) {
            throw part.problem("sequences nested more than " + DEEPEST + " deep");
        }
        return part.object().at("type").text();
    }

    private static String nonEmpty(Part part) {
        String text = part.text();
        if (text.isEmpty() || text.length() > LONGEST_TEXT) {
            throw part.problem(
                    text.isEmpty()
                            ? "an empty text, which the tokenizer library cannot search for"
                            : "a text of " + text.length() + " characters");
        }
        return text;
    }

    private static void oneCharacter(Part part) {
        if (part.text().codePointCount(0, part.text().length()) != 1) {
            throw part.expected("one character");
        }
    }

    private static TokenizerException unknown(Part part, String type) {
        return part.at("type").problem("'" + Shown.value(type) + "' is not known");
    }
}
