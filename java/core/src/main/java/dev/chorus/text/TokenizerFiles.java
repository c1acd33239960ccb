package dev.chorus.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The files of a folder that make up its tokenizer, byte for byte, so that they survive when the model is saved elsewhere,
 * also after the folder is gone.
 *
 * @param name      what messages call the tokenizer: the path of {@code tokenizer.json}
 * @param content   file name to bytes; always holds {@code tokenizer.json}
 * @param modelType {@code model_type} of {@code config.json}, empty if there is none
 */
record TokenizerFiles(String name, Map<String, byte[]> content, String modelType) {
    static final String TOKENIZER = "tokenizer.json";
    static final String CONFIG = "tokenizer_config.json";
    static final String SPECIAL_TOKENS = "special_tokens_map.json";
    static final String ADDED_TOKENS = "added_tokens.json";
    static final String CHAT_TEMPLATE = "chat_template.jinja";

    private static final List<String> NAMES = List.of(
            TOKENIZER,
            CONFIG,
            SPECIAL_TOKENS,
            ADDED_TOKENS,
            CHAT_TEMPLATE,
            "vocab.json",
            "merges.txt",
            "tokenizer.model");

    /** What a tokenizer without a configuration of its own is saved with. */
    private static final String DEFAULT_CONFIG = """
            {
              "tokenizer_class": "PreTrainedTokenizerFast",
              "pad_token": "<pad>",
              "eos_token": "<eos>",
              "sep_token": "<sep>",
              "model_max_length": %d
            }
            """;

    /** Bytes; the largest published ones have some forty million. */
    private static final long LONGEST = 256 << 20;

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** A {@code tokenizer.json} that stands alone. */
    static TokenizerFiles alone(byte[] json, String name) {
        return new TokenizerFiles(name, Map.of(TOKENIZER, json.clone()), "");
    }

    /**
     * Those of a folder.
     *
     * @throws TokenizerException if it has no {@code tokenizer.json}
     */
    static TokenizerFiles read(Path folder) throws IOException {
        Path resolved = ModelPath.of(folder);
        Map<String, byte[]> content = new LinkedHashMap<>();
        for (String name : NAMES) {
            Path file = resolved.resolve(name);
            // Files of transformers' older forms are only carried along.
            if (FolderFile.exists(file)) {
                content.put(name, bytes(file));
            }
        }
        Path tokenizer = resolved.resolve(TOKENIZER);
        if (!content.containsKey(TOKENIZER)) {
            throw new TokenizerException(
                    tokenizer.toString(),
                    "no such file; other forms (tokenizer.model, vocab.json) are not read, and transformers makes one of "
                            + "them: AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)");
        }
        Path config = resolved.resolve("config.json");
        String modelType = FolderFile.exists(config)
                ? parse(bytes(config), config.toString()).path("model_type").asText()
                : "";
        return new TokenizerFiles(tokenizer.toString(), content, modelType);
    }

    private static byte[] bytes(Path file) throws IOException {
        String problem = FolderFile.problem(file, LONGEST);
        if (!problem.isEmpty()) {
            throw new TokenizerException(file.toString(), problem);
        }
        return Files.readAllBytes(file);
    }

    /**
     * Writes them into another folder; a tokenizer that stands alone gets a configuration with {@code <pad>},
     * {@code <eos>} and {@code <sep>}.
     *
     * @param positions the longest sequence of the model, in tokens
     */
    void write(Path folder, long positions) throws IOException {
        for (Map.Entry<String, byte[]> file : content.entrySet()) {
            Files.write(folder.resolve(file.getKey()), file.getValue());
        }
        if (content.size() == 1) {
            Files.writeString(folder.resolve(CONFIG), DEFAULT_CONFIG.formatted(positions));
        }
    }

    /** A file as JSON; a missing node if there is no such file. */
    JsonNode json(String file) {
        byte[] bytes = content.get(file);
        if (bytes == null) {
            return MissingNode.getInstance();
        }
        return parse(bytes, nameOf(file));
    }

    /** What messages call a file of this tokenizer. */
    String nameOf(String file) {
        if (file.equals(TOKENIZER)) {
            return name;
        }
        Path sibling = Path.of(name).resolveSibling(file);
        return sibling.toString();
    }

    private static ObjectNode parse(byte[] bytes, String name) {
        JsonNode node;
        try {
            node = JSON.readTree(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            throw new TokenizerException(name, "not UTF-8", e);
        } catch (JsonProcessingException e) {
            throw new TokenizerException(name, "not JSON: " + Shown.plain(e.getOriginalMessage()), e);
        }
        if (!(node instanceof ObjectNode object)) {
            throw new TokenizerException(name, "not a JSON object");
        }
        return object;
    }
}
