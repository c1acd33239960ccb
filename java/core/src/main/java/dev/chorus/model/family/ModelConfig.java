package dev.chorus.model.family;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.text.FolderFile;
import dev.chorus.text.ModelPath;
import dev.chorus.text.Shown;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A Hugging Face {@code config.json} with what it describes. The file's keys are all kept, so that a model that is saved again
 * has the config that it came with.
 */
public final class ModelConfig {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    private static final String FILE = "config.json";
    private static final String GENERATION = "generation_config.json";
    private static final List<String> TOKEN_IDS = List.of("bos_token_id", "eos_token_id", "pad_token_id");

    /** Bytes; far above any config, and no burden. */
    private static final long LONGEST = 16 << 20;

    private static final String CLASSIFIER = "ForSequenceClassification";

    private final ObjectNode json;
    private final Family family;
    private final Architecture architecture;
    private final Set<String> unread;
    private final Beside generation;

    /** A {@code generation_config.json}: byte for byte, to be written again, and read. */
    private record Beside(byte[] bytes, ObjectNode json, String name) {
        static Beside read(Path file) {
            byte[] bytes = readAll(file);
            Beside beside = new Beside(bytes, object(bytes, file), file.toString());
            for (String key : TOKEN_IDS) {
                ids(beside.json, beside.name, key);
            }
            return beside;
        }
    }

    private ModelConfig(ObjectNode json, Beside generation, String name) {
        this.json = json;
        this.generation = generation;
        ConfigJson config = new ConfigJson(json, name);
        TOKEN_IDS.forEach(key -> ids(json, name, key));
        family = Families.of(config);
        architecture = family.read(config).withLabels(labels(json));
        Architecture.Attention attention = architecture.attention();
        long projected = (long) attention.heads() * attention.headWidth();
        if (projected > ConfigJson.MOST) {
            throw config.problem(attention.heads() + " heads of " + attention.headWidth() + " channels are " + projected
                    + ", at most " + ConfigJson.MOST + " are possible");
        }
        unread = config.unread();
    }

    /**
     * Reads {@code config.json} of a model folder, and keeps {@code generation_config.json} beside it if there is one.
     *
     * @throws ConfigProblem if it is no config, or asks for what is not built; names the file and the key
     */
    public static ModelConfig read(Path given) {
        Path folder;
        try {
            folder = ModelPath.of(given);
        } catch (IOException e) {
            throw new ConfigProblem(given + ": cannot be read: " + e.getMessage());
        }
        Path file = folder.resolve(FILE);
        Path beside = folder.resolve(GENERATION);
        if (!FolderFile.exists(file)) {
            throw new ConfigProblem(MissingConfig.sentence(given, folder));
        }
        Beside generation = FolderFile.exists(beside) ? Beside.read(beside) : null;
        return new ModelConfig(object(readAll(file), file), generation, file.toString());
    }

    private static byte[] readAll(Path file) {
        try {
            String problem = FolderFile.problem(file, LONGEST);
            if (!problem.isEmpty()) {
                throw new ConfigProblem(file + ": " + problem);
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new ConfigProblem(file + ": cannot be read: " + e.getMessage());
        }
    }

    /** A file as the one JSON object that it must be. */
    private static ObjectNode object(byte[] bytes, Path file) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            if (JSON.readTree(text) instanceof ObjectNode object) {
                return object;
            }
            throw new ConfigProblem(file + ": expected a JSON object");
        } catch (JsonProcessingException e) {
            throw new ConfigProblem(file + ": is not JSON: " + Shown.plain(e.getOriginalMessage()));
        } catch (CharacterCodingException e) {
            throw new ConfigProblem(file + ": is not UTF-8");
        }
    }

    /**
     * From the text of a {@code config.json}.
     *
     * @throws ConfigProblem as {@link #read}
     */
    public static ModelConfig of(String json) {
        try {
            if (JSON.readTree(json) instanceof ObjectNode object) {
                return new ModelConfig(object, null, "config");
            }
            throw new ConfigProblem("config: expected a JSON object");
        } catch (JsonProcessingException e) {
            throw new ConfigProblem("config: is not JSON: " + e.getOriginalMessage());
        }
    }

    /** A new GPT-2 language model with a feed-forward part of four times its width, without dropout. */
    public static ModelConfig gpt2(int vocabSize, int width, int layers, int heads, int positions) {
        ObjectNode node = JSON.createObjectNode();
        node.putArray("architectures").add("GPT2LMHeadModel");
        node.put("model_type", "gpt2");
        node.put("vocab_size", vocabSize);
        node.put("n_embd", width);
        node.put("n_inner", 4 * width);
        node.put("n_layer", layers);
        node.put("n_head", heads);
        node.put("n_positions", positions);
        node.put("activation_function", "gelu_new");
        node.put("layer_norm_epsilon", 1e-5);
        node.put("embd_pdrop", 0.0);
        node.put("attn_pdrop", 0.0);
        node.put("resid_pdrop", 0.0);
        node.put("tie_word_embeddings", true);
        return new ModelConfig(node, null, "gpt2");
    }

    /** The same decoder with a classification head of this many classes, or as a language model (0). */
    public ModelConfig withLabels(int count) {
        ObjectNode copy = json.deepCopy();
        copy.putArray("architectures").add(count > 0 ? family.className() + CLASSIFIER : family.languageModelClass());
        copy.remove("num_labels");
        copy.remove("label2id");
        copy.remove("id2label");
        if (count > 0) {
            ObjectNode names = copy.putObject("id2label");
            ObjectNode numbers = copy.putObject("label2id");
            for (int i = 0; i < count; i++) {
                names.put(Integer.toString(i), "LABEL_" + i);
                numbers.put("LABEL_" + i, i);
            }
        }
        return new ModelConfig(copy, generation, family.modelType());
    }

    /** The same language model with a head of its own, where the weights hold one that is not the embedding. */
    public ModelConfig withUntiedHead() {
        ObjectNode copy = json.deepCopy();
        copy.put("tie_word_embeddings", false);
        return new ModelConfig(copy, generation, family.modelType());
    }

    /** The same config with this value; for settings that do not change the computation, such as token ids. */
    public ModelConfig with(String key, int value) {
        ObjectNode copy = json.deepCopy();
        copy.put(key, value);
        return new ModelConfig(copy, generation, family.modelType());
    }

    /** The family. */
    public Family family() {
        return family;
    }

    /** What is computed. */
    public Architecture architecture() {
        return architecture;
    }

    /** Keys that nobody understood; they may or may not matter. */
    public Set<String> unread() {
        return unread;
    }

    /**
     * Token ids under a key such as {@code eos_token_id}, of {@code generation_config.json} if it names them, otherwise of the
     * config: several if it is a list, none if it is missing.
     */
    public int[] tokenIds(String key) {
        return generation != null && generation.json().hasNonNull(key)
                ? ids(generation.json(), generation.name(), key)
                : ids(json, FILE, key);
    }

    /** What {@code generation_config.json} asks for, which may be nothing. */
    public GenerationDefaults generation() {
        return generation == null
                ? GenerationDefaults.NONE
                : GenerationDefaults.read(generation.json(), generation.name());
    }

    private static int[] ids(ObjectNode object, String name, String key) {
        JsonNode value = object.path(key);
        if (value.isMissingNode() || value.isNull()) {
            return new int[0];
        }
        List<JsonNode> all = new ArrayList<>();
        if (value.isArray()) {
            value.forEach(all::add);
        } else {
            all.add(value);
        }
        for (JsonNode id : all) {
            // -1 stands for none in some older files.
            if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < -1) {
                throw new ConfigProblem(
                        name + ": " + key + ": expected a token id or a list of them, got " + Shown.value(id));
            }
        }
        return all.stream().mapToInt(JsonNode::intValue).filter(id -> id >= 0).toArray();
    }

    /**
     * Writes {@code config.json}, and {@code generation_config.json} if the model came with one.
     *
     * @param dtype of the weights beside it, as PyTorch calls it
     */
    public void write(Path folder, String dtype) throws IOException {
        ObjectNode copy = json.deepCopy();
        // Older readers know one spelling, newer ones both.
        copy.remove("dtype");
        copy.put("torch_dtype", dtype);
        Files.writeString(
                folder.resolve(FILE), JSON.writerWithDefaultPrettyPrinter().writeValueAsString(copy) + "\n");
        if (generation != null) {
            Files.write(folder.resolve(GENERATION), generation.bytes());
        }
    }

    private static int labels(ObjectNode json) {
        if (!json.path("architectures").path(0).asText("").endsWith(CLASSIFIER)) {
            return 0;
        }
        if (json.path("id2label").isObject()) {
            return json.get("id2label").size();
        }
        // What transformers takes if nothing is said.
        return json.path("num_labels").asInt(2);
    }
}
