package dev.chorus.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Set;

/**
 * What the Python class behind a {@code tokenizer.json} does to it.
 *
 * <p>In transformers 5 a folder's ids do not come from {@code tokenizer.json} alone. {@link #GENERIC} classes run the file as
 * it is. The others take vocabulary and merges from it and put normalizer, pre-tokenizer and decoder of their own around them.
 * Where a {@code tokenizer.json} exists, {@code add_bos_token} and {@code add_eos_token} are ignored by all of them, since
 * the file's post-processor has the say. Behaviour as of transformers 5.18.
 */
enum TokenizerClass {
    /** {@code TokenizersBackend}, older name {@code PreTrainedTokenizerFast}: the file as it is. */
    GENERIC("TokenizersBackend"),
    /** Byte-level BPE; also OPT's. */
    GPT2("GPT2Tokenizer"),
    /** Byte-level BPE over NFC, and never a special token around the text. */
    GPT_NEOX("GPTNeoXTokenizer"),
    /** Byte-level BPE over NFC with pieces of its own. */
    QWEN2("Qwen2Tokenizer"),
    /** BPE over characters with bytes for the unknown, spaces as U+2581. */
    LLAMA("LlamaTokenizer"),
    /** BPE over characters with bytes for the unknown; spaces are U+2581 before words are cut, and none is put in front. */
    GEMMA("GemmaTokenizer");

    private static final String END_OF_TEXT = "<|endoftext|>";
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    /** Names, without "Fast", that transformers runs as {@link #GENERIC}; Bloom has no class any more. */
    private static final Set<String> GENERIC_NAMES =
            Set.of("TokenizersBackend", "PreTrainedTokenizer", "PythonBackend", "BloomTokenizer");

    /** The class that belongs to a model, where transformers has an opinion. */
    private static final Map<String, TokenizerClass> OF_MODEL = Map.of(
            "gpt2",
            GPT2,
            "opt",
            GPT2,
            "gpt_neox",
            GPT_NEOX,
            "qwen2",
            QWEN2,
            "qwen3",
            QWEN2,
            "mistral",
            GENERIC,
            "gemma2",
            GEMMA,
            "phi3",
            GENERIC);

    /** Classes that make the same ids as another. */
    private static final Map<String, TokenizerClass> ALIASES =
            Map.of("CodeGenTokenizer", GPT2, "CodeLlamaTokenizer", LLAMA);

    /** Models whose folders name the wrong class so often that transformers does not read it. */
    private static final Set<String> IGNORES_NAME = Set.of("qwen2", "mistral", "phi3");

    private static final String QWEN2_PIECES = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
            + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    private final String pythonName;

    TokenizerClass(String pythonName) {
        this.pythonName = pythonName;
    }

    /** As {@code tokenizer_class} spells it. */
    String pythonName() {
        return pythonName;
    }

    /** Special tokens that hold where the folder names no others: "pad", "bos", "eos", "unk" to their text. */
    Map<String, String> specialTokens() {
        return switch (this) {
            case GENERIC -> Map.of();
            case GPT2 -> Map.of("unk", END_OF_TEXT, "bos", END_OF_TEXT, "eos", END_OF_TEXT);
            case GPT_NEOX -> Map.of("unk", END_OF_TEXT, "bos", END_OF_TEXT, "eos", END_OF_TEXT, "pad", "<|padding|>");
            case QWEN2 -> Map.of("unk", END_OF_TEXT, "eos", END_OF_TEXT, "pad", END_OF_TEXT);
            case LLAMA -> Map.of("unk", "<unk>", "bos", "<s>", "eos", "</s>");
            case GEMMA -> Map.of("unk", "<unk>", "bos", "<bos>", "eos", "<eos>", "pad", "<pad>");
        };
    }

    /**
     * The class of a folder, by its {@code tokenizer_class} and the model beside it.
     *
     * @param config {@code tokenizer_config.json}, or a missing node
     * @param root   {@code tokenizer.json}; some folders name the class of their architecture's first models although theirs is
     *               byte-level (DeepSeek's), and then the file says it all
     * @throws TokenizerException if the class is none of these: its ids might differ from what we would make of the file
     */
    static TokenizerClass of(TokenizerFiles files, JsonNode config, JsonNode root) {
        TokenizerClass named = named(files, config);
        return (named == LLAMA || named == GEMMA) && byteLevel(root) ? GENERIC : named;
    }

    private static TokenizerClass named(TokenizerFiles files, JsonNode config) {
        String named = config.path("tokenizer_class").asText("").replaceFirst("Fast$", "");
        TokenizerClass registered = OF_MODEL.get(files.modelType());
        if (registered != null && (named.isEmpty() || IGNORES_NAME.contains(files.modelType()))) {
            return registered;
        }
        if (named.isEmpty() || GENERIC_NAMES.contains(named)) {
            return GENERIC;
        }
        for (TokenizerClass known : values()) {
            if (known.pythonName.equals(named)) {
                return known;
            }
        }
        if (ALIASES.containsKey(named)) {
            return ALIASES.get(named);
        }
        throw new TokenizerException(
                files.nameOf(TokenizerFiles.CONFIG),
                "tokenizer_class: " + Shown.value(config.path("tokenizer_class").asText())
                        + " is not supported, since it may change the token ids; if tokenizer.json alone says it all, "
                        + "make it PreTrainedTokenizerFast");
    }

    /**
     * Puts the class's own parts around vocabulary and merges.
     *
     * @param root   {@code tokenizer.json}, changed in place
     * @param config {@code tokenizer_config.json}, or a missing node
     */
    void rebuild(ObjectNode root, JsonNode config, String name) {
        if (this == GENERIC) {
            return;
        }
        if (!root.path("model").path("type").asText("BPE").equals("BPE")) {
            throw new TokenizerException(
                    name,
                    "model.type: " + pythonName + " needs BPE, got "
                            + root.path("model").path("type").asText());
        }
        if (!byteLevel(root) && this != LLAMA && this != GEMMA) {
            throw new TokenizerException(
                    name,
                    "does not fit tokenizer_class " + pythonName
                            + " (not byte-level); make it PreTrainedTokenizerFast in " + "tokenizer_config.json");
        }
        boolean prefixSpace = config.path("add_prefix_space").asBoolean(this == LLAMA);
        root.set("model", model((ObjectNode) root.get("model"), config));
        root.set("normalizer", normalizer());
        root.set("pre_tokenizer", preTokenizer(config, prefixSpace));
        root.set("decoder", overCharacters() ? decoder(prefixSpace) : byteLevel(true, true, true));
        if (this == GPT_NEOX) {
            root.set("post_processor", JSON.nullNode());
        }
    }

    private static boolean byteLevel(JsonNode root) {
        return root.path("pre_tokenizer").toString().contains("ByteLevel")
                || root.path("decoder").toString().contains("ByteLevel");
    }

    private boolean overCharacters() {
        return this == LLAMA || this == GEMMA;
    }

    private JsonNode normalizer() {
        return switch (this) {
            case GPT_NEOX, QWEN2 -> typed("NFC");
            case GEMMA -> replace(" ", "\u2581");
            default -> JSON.nullNode();
        };
    }

    private ObjectNode model(ObjectNode model, JsonNode config) {
        ObjectNode bpe = typed("BPE");
        bpe.set("dropout", JSON.nullNode());
        String unknown = AddedTokens.text(config.path("unk_token"));
        bpe.set("unk_token", this == GEMMA ? JSON.textNode(unknown.isEmpty() ? "<unk>" : unknown) : JSON.nullNode());
        bpe.set("continuing_subword_prefix", overCharacters() ? JSON.nullNode() : JSON.textNode(""));
        bpe.set("end_of_word_suffix", overCharacters() ? JSON.nullNode() : JSON.textNode(""));
        bpe.put("fuse_unk", overCharacters())
                .put("byte_fallback", overCharacters())
                .put("ignore_merges", false);
        bpe.set("vocab", model.path("vocab"));
        bpe.set("merges", model.path("merges"));
        return bpe;
    }

    private JsonNode preTokenizer(JsonNode config, boolean prefixSpace) {
        if (this == LLAMA) {
            String scheme = "never";
            if (prefixSpace) {
                scheme = config.path("legacy").asBoolean(false) ? "always" : "first";
            }
            return typed("Metaspace")
                    .put("replacement", "\u2581")
                    .put("prepend_scheme", scheme)
                    .put("split", false);
        }
        if (this == GEMMA) {
            // The normalizer has left no space to cut at; the part is there as transformers has it.
            ObjectNode split =
                    typed("Split").put("behavior", "MergedWithPrevious").put("invert", false);
            split.putObject("pattern").put("String", " ");
            return split;
        }
        if (this == QWEN2) {
            ObjectNode split = typed("Split").put("behavior", "Isolated").put("invert", false);
            split.putObject("pattern").put("Regex", QWEN2_PIECES);
            ObjectNode sequence = typed("Sequence");
            sequence.putArray("pretokenizers").add(split).add(byteLevel(prefixSpace, true, false));
            return sequence;
        }
        boolean trim = this != GPT_NEOX || config.path("trim_offsets").asBoolean(true);
        return byteLevel(prefixSpace, trim, true);
    }

    private static ObjectNode replace(String text, String by) {
        ObjectNode replace = typed("Replace").put("content", by);
        replace.putObject("pattern").put("String", text);
        return replace;
    }

    private static JsonNode decoder(boolean prefixSpace) {
        ObjectNode sequence = typed("Sequence");
        ArrayNode decoders = sequence.putArray("decoders")
                .add(replace("\u2581", " "))
                .add(typed("ByteFallback"))
                .add(typed("Fuse"));
        if (prefixSpace) {
            decoders.add(typed("Strip").put("content", " ").put("start", 1).put("stop", 0));
        }
        return sequence;
    }

    private static ObjectNode byteLevel(boolean prefixSpace, boolean trimOffsets, boolean regex) {
        return typed("ByteLevel")
                .put("add_prefix_space", prefixSpace)
                .put("trim_offsets", trimOffsets)
                .put("use_regex", regex);
    }

    private static ObjectNode typed(String type) {
        return JSON.objectNode().put("type", type);
    }
}
