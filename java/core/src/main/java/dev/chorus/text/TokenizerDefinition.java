package dev.chorus.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.text.check.Definition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the files of a folder say together: the {@code tokenizer.json} that is run in the end, and what its special tokens are.
 *
 * @param json          as it is run; the folder's own bytes where nothing had to be changed
 * @param tokenizerClass whose rules were applied
 * @param specialTokens role ("pad", "bos", "eos", "unk", "sep", "cls", "mask") to text
 * @param specialIds    role to id
 * @param vocabSize     highest id + 1, added tokens included
 * @param cleanUp       whether spaces before punctuation go when ids are decoded
 * @param growth        how many times longer than itself a text can become before it is cut into tokens
 * @param chatTemplate  whether the folder has a chat template
 */
record TokenizerDefinition(
        byte[] json,
        TokenizerClass tokenizerClass,
        Map<String, String> specialTokens,
        Map<String, Integer> specialIds,
        int vocabSize,
        boolean cleanUp,
        double growth,
        boolean chatTemplate) {
    /** In the order in which missing ones get ids. */
    private static final List<String> ROLES = List.of("bos", "eos", "unk", "sep", "pad", "cls", "mask");

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Reads them.
     *
     * @throws TokenizerException if they cannot be understood, or ask for something that would change the ids and is not
     *     supported
     */
    static TokenizerDefinition of(TokenizerFiles files) {
        JsonNode config = files.json(TokenizerFiles.CONFIG);
        SideFiles.check(files, config);
        refuseUnsupported(files, config);
        JsonNode original = files.json(TokenizerFiles.TOKENIZER);
        TokenizerClass tokenizerClass = TokenizerClass.of(files, config, original);
        ObjectNode root = original.deepCopy();
        double growth = Definition.check(original, files.name());
        tokenizerClass.rebuild(root, config, files.name());
        if (tokenizerClass != TokenizerClass.GENERIC) {
            // Merges that fit with a prefix of the file need not fit without.
            growth = Definition.check(root, files.name());
        }
        if (root.path("model").hasNonNull("dropout")) {
            // A way of training: with it the same text has other ids every time.
            ((ObjectNode) root.get("model")).set("dropout", NullNode.getInstance());
        }
        // Sequences are neither cut nor filled up: a model that is too short for one should say so.
        root.set("truncation", NullNode.getInstance());
        root.set("padding", NullNode.getInstance());

        Map<String, JsonNode> named = named(files, config, tokenizerClass, root);
        AddedTokens added = new AddedTokens(root);
        if (tokenizerClass == TokenizerClass.GENERIC) {
            root.path("added_tokens").forEach(added::add);
        }
        declared(files, config, original).values().forEach(added::add);
        ROLES.stream().filter(named::containsKey).map(named::get).forEach(added::addIfMissing);
        extra(config).forEach(added::addIfMissing);
        root.set("added_tokens", added.list());

        Map<String, String> texts = new TreeMap<>();
        Map<String, Integer> ids = new TreeMap<>();
        named.forEach((role, token) -> {
            texts.put(role, AddedTokens.text(token));
            ids.put(role, added.id(AddedTokens.text(token)));
        });
        boolean bpe = root.path("model").path("type").asText().equals("BPE");
        boolean cleanUp = config.path("clean_up_tokenization_spaces").asBoolean(false)
                && (!bpe
                        || config.path("clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output")
                                .asBoolean(false));
        return new TokenizerDefinition(
                root.equals(original) ? files.content().get(TokenizerFiles.TOKENIZER) : write(root, files.name()),
                tokenizerClass,
                Collections.unmodifiableMap(texts),
                Collections.unmodifiableMap(ids),
                added.vocabSize(),
                cleanUp,
                growth,
                config.hasNonNull("chat_template") || files.content().containsKey(TokenizerFiles.CHAT_TEMPLATE));
    }

    private static void refuseUnsupported(TokenizerFiles files, JsonNode config) {
        for (String key : List.of("split_special_tokens", "fix_mistral_regex")) {
            if (config.path(key).asBoolean(false)) {
                throw new TokenizerException(
                        files.nameOf(TokenizerFiles.CONFIG),
                        key + ": true changes the token ids and is not supported; without the key the ids are those of "
                                + "tokenizer.json");
            }
        }
    }

    /** The special tokens by role, as text or as an object with its flags. */
    private static Map<String, JsonNode> named(
            TokenizerFiles files, JsonNode config, TokenizerClass tokenizerClass, ObjectNode root) {
        Map<String, JsonNode> named = new TreeMap<>();
        JsonNode map = files.json(TokenizerFiles.SPECIAL_TOKENS);
        tokenizerClass.specialTokens().forEach((role, text) -> named.put(role, JSON.valueToTree(text)));
        if (config.isMissingNode() && map.isMissingNode() && named.isEmpty()) {
            // The built-in tokenizers, and others that come as one file.
            for (JsonNode token : root.path("added_tokens")) {
                for (String role : List.of("pad", "eos", "sep")) {
                    if (AddedTokens.text(token).equals("<" + role + ">")) {
                        named.put(role, token);
                    }
                }
            }
        }
        put(named, config);
        // Older folders: the map has the last word where the configuration does not list the added tokens.
        if (!config.has("added_tokens_decoder")) {
            put(named, map);
        }
        return named;
    }

    private static void put(Map<String, JsonNode> named, JsonNode source) {
        for (String role : ROLES) {
            JsonNode token = source.path(role + "_token");
            if (token.isNull()) {
                named.remove(role);
            } else if (!AddedTokens.text(token).isEmpty()) {
                named.put(role, token);
            }
        }
    }

    /** Added tokens by id, from the places where transformers looks for them. */
    private static Map<Integer, JsonNode> declared(TokenizerFiles files, JsonNode config, JsonNode original) {
        Map<Integer, JsonNode> declared = new TreeMap<>();
        if (config.has("added_tokens_decoder")) {
            config.get("added_tokens_decoder")
                    .properties()
                    .forEach(entry -> declared.put(Integer.valueOf(entry.getKey()), entry.getValue()));
            return declared;
        }
        files.json(TokenizerFiles.ADDED_TOKENS).properties().forEach(entry -> {
            ObjectNode token = JSON.createObjectNode().put("content", entry.getKey());
            declared.put(entry.getValue().asInt(), token.put("normalized", true));
        });
        original.path("added_tokens")
                .forEach(token -> declared.put(token.path("id").asInt(), token));
        return declared;
    }

    /** Special tokens without a role, in the order in which missing ones get ids. */
    private static List<JsonNode> extra(JsonNode config) {
        List<JsonNode> extra = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry : config.properties()) {
            String key = entry.getKey();
            boolean role = key.endsWith("_token") && ROLES.contains(key.substring(0, key.length() - "_token".length()));
            if (key.endsWith("_token") && !role && entry.getValue().isTextual()) {
                extra.add(entry.getValue());
            }
        }
        String list =
                config.path("extra_special_tokens").isEmpty() ? "additional_special_tokens" : "extra_special_tokens";
        config.path(list).forEach(extra::add);
        return extra;
    }

    private static byte[] write(ObjectNode root, String name) {
        try {
            return JSON.writeValueAsBytes(root);
        } catch (JsonProcessingException e) {
            throw new TokenizerException(name, "cannot be rewritten: " + e.getOriginalMessage(), e);
        }
    }
}
