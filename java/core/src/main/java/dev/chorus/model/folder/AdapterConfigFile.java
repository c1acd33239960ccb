package dev.chorus.model.folder;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.model.checkpoint.CheckpointException;
import dev.chorus.model.weights.Adapter;
import dev.chorus.model.weights.LoraConfig;
import dev.chorus.text.FolderFile;
import dev.chorus.text.Shown;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * PEFT's {@code adapter_config.json}. A key that would change what is computed, and is not built here, is refused; one that
 * nobody knows is refused unless it says nothing (null, false, an empty list).
 */
final class AdapterConfigFile {
    static final String NAME = "adapter_config.json";

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private static final long LONGEST = 16 << 20;

    /** An adapter's rank is at most the smaller side of a matrix, and no matrix has more. */
    private static final int MOST_RANK = 1 << 20;

    /** Bookkeeping, and settings of methods that other keys switch on. */
    private static final Set<String> HARMLESS = Set.of(
            "auto_mapping",
            "base_model_name_or_path",
            "eva_config",
            // PEFT, too, goes by the layer it finds, whatever the file says.
            "fan_in_fan_out",
            "inference_mode",
            "loftq_config",
            "megatron_core",
            "peft_version",
            "qalora_group_size",
            "revision",
            "runtime_config");

    private static final Set<String> READ = Set.of(
            "peft_type",
            "task_type",
            "r",
            "lora_alpha",
            "lora_dropout",
            "target_modules",
            "use_rslora",
            "bias",
            "init_lora_weights");

    /** What is not built, with what it would mean. */
    private static final Map<String, String> UNSUPPORTED = Map.ofEntries(
            Map.entry("use_dora", "it scales every column of the weights (DoRA)"),
            Map.entry("use_qalora", "it pools the inputs (QALoRA)"),
            Map.entry("use_bdlora", "its matrices are block-diagonal"),
            Map.entry("lora_bias", "it adds a bias of its own"),
            Map.entry("modules_to_save", "it brings whole modules"),
            Map.entry("rank_pattern", "all modules must have one rank"),
            Map.entry("alpha_pattern", "all modules must have one alpha"),
            Map.entry("layers_to_transform", "an adapter changes all layers, or names modules with their layer"),
            Map.entry("layers_pattern", "an adapter changes all layers, or names modules with their layer"),
            Map.entry("exclude_modules", "name the remaining modules in target_modules"),
            Map.entry("layer_replication", "it repeats layers"),
            Map.entry("target_parameters", "only whole modules are adapted"),
            Map.entry("trainable_token_indices", "it changes rows of the embedding"),
            Map.entry("alora_invocation_tokens", "it acts behind certain tokens only"));

    /** Starts that leave the base model's weights alone. Others (PiSSA, OLoRA, CorDA, LoftQ) change them. */
    private static final Set<String> PLAIN_STARTS = Set.of("true", "false", "gaussian", "eva", "orthogonal");

    private final Path file;
    private final ObjectNode json;

    private AdapterConfigFile(Path file, ObjectNode json) {
        this.file = file;
        this.json = json;
    }

    /**
     * Reads and checks the file of a folder.
     *
     * @throws CheckpointException if it is missing, malformed or asks for what is not built; names the key
     */
    static LoraConfig read(Path folder) {
        Path file = folder.resolve(NAME);
        try {
            String problem = FolderFile.exists(file) ? FolderFile.problem(file, LONGEST) : "";
            if (!problem.isEmpty()) {
                throw new CheckpointException(file, problem);
            }
            if (!(JSON.readTree(Files.readString(file)) instanceof ObjectNode object)) {
                throw new CheckpointException(file, "expected a JSON object");
            }
            return new AdapterConfigFile(file, object).lora();
        } catch (NoSuchFileException e) {
            throw new CheckpointException(file, "is not there; a folder that PEFT saved an adapter to has one", e);
        } catch (JsonProcessingException e) {
            throw new CheckpointException(file, "is not JSON: " + e.getOriginalMessage(), e);
        } catch (CharacterCodingException e) {
            throw new CheckpointException(file, "is not UTF-8", e);
        } catch (IOException e) {
            throw new CheckpointException(file, "cannot be read: " + e.getMessage(), e);
        }
    }

    private LoraConfig lora() {
        require("peft_type", "LORA");
        if (!json.path("task_type").isNull()) {
            require("task_type", "CAUSAL_LM");
        }
        if (json.hasNonNull("bias")) {
            require("bias", "none");
        }
        String start = json.path("init_lora_weights").asText("true");
        if (!says("init_lora_weights") || PLAIN_STARTS.contains(start)) {
            refuseTheRest();
        } else {
            throw problem("init_lora_weights '" + start
                    + "' is not supported: it changes the base model's weights; convert it "
                    + "with PEFT, save_pretrained(..., path_initial_model_for_weight_conversion=...)");
        }
        JsonNode rank = json.path("r");
        if (!rank.canConvertToInt() || !rank.isIntegralNumber() || rank.asInt() < 1 || rank.asInt() > MOST_RANK) {
            throw problem("r: expected a whole number above 0"
                    + (rank.isIntegralNumber() && rank.doubleValue() > MOST_RANK ? " and at most " + MOST_RANK : "")
                    + ", got " + shown(rank));
        }
        double alpha = number("lora_alpha");
        if (!(alpha > 0)) {
            throw problem("lora_alpha: expected a number above 0, got " + shown(json.path("lora_alpha")));
        }
        double dropout = json.hasNonNull("lora_dropout") ? number("lora_dropout") : 0;
        if (!(dropout >= 0 && dropout < 1)) {
            throw problem("lora_dropout: expected a number from 0 to below 1, got " + shown(json.path("lora_dropout")));
        }
        return new LoraConfig(rank.asInt(), alpha, dropout, targets(), flag("use_rslora"));
    }

    private void refuseTheRest() {
        Set<String> unknown = new TreeSet<>();
        json.fieldNames().forEachRemaining(key -> {
            if (READ.contains(key) || HARMLESS.contains(key) || !says(key)) {
                return;
            }
            if (UNSUPPORTED.containsKey(key)) {
                throw problem(key + " is not supported: " + UNSUPPORTED.get(key));
            }
            unknown.add(key);
        });
        if (!unknown.isEmpty()) {
            throw problem("keys " + Shown.names(unknown)
                    + " are not known, and may change what the adapter computes; remove those that do " + "not");
        }
    }

    private List<String> targets() {
        JsonNode node = json.path("target_modules");
        if (node.isMissingNode() || node.isNull()) {
            return List.of();
        }
        if (node.isTextual() && node.asText().equals(LoraConfig.ALL)) {
            return List.of(LoraConfig.ALL);
        }
        if (node.isTextual()) {
            throw problem("target_modules '" + node.asText()
                    + "' is a regular expression, which is not supported; list the modules");
        }
        List<String> targets = new ArrayList<>();
        for (JsonNode each : node) {
            if (each.isTextual()) {
                targets.add(each.asText());
            }
        }
        if (!node.isArray() || targets.isEmpty() || targets.size() != node.size()) {
            throw problem("target_modules: expected a list of module names, got " + shown(node));
        }
        return targets;
    }

    /** Whether a key's value can have a consequence. */
    private boolean says(String key) {
        JsonNode value = json.path(key);
        boolean nothing = value.isMissingNode()
                || value.isNull()
                || (value.isBoolean() && !value.asBoolean())
                || (value.isContainerNode() && value.isEmpty());
        return !nothing;
    }

    private void require(String key, String supported) {
        JsonNode value = json.path(key);
        if (!value.isMissingNode() || key.equals("peft_type")) {
            if (!value.isTextual() || !value.asText().equals(supported)) {
                throw problem(key + " " + shown(value) + " is not supported; supported: \"" + supported + "\"");
            }
        }
    }

    private double number(String key) {
        JsonNode value = json.path(key);
        if (!value.isNumber() || !Double.isFinite(value.asDouble())) {
            throw problem(key + ": expected a number, got " + shown(value));
        }
        return value.asDouble();
    }

    private boolean flag(String key) {
        JsonNode value = json.path(key);
        if (value.isMissingNode() || value.isNull()) {
            return false;
        }
        if (!value.isBoolean()) {
            throw problem(key + ": expected true or false, got " + shown(value));
        }
        return value.asBoolean();
    }

    private static String shown(JsonNode value) {
        return value.isMissingNode() ? "nothing" : Shown.value(value);
    }

    private CheckpointException problem(String what) {
        return new CheckpointException(file, what);
    }

    /**
     * The file's content for an adapter.
     *
     * @param base       what the base model is called, for people and for PEFT's own loading
     * @param transposed whether the base model's weights are [in, out]
     */
    static String write(Adapter adapter, String base, boolean transposed) throws IOException {
        LoraConfig lora = adapter.config();
        ObjectNode json = JSON.createObjectNode();
        json.put("peft_type", "LORA");
        json.put("task_type", "CAUSAL_LM");
        json.put("base_model_name_or_path", base);
        json.put("inference_mode", true);
        json.put("r", lora.rank());
        if (lora.alpha() == Math.rint(lora.alpha()) && lora.alpha() <= Integer.MAX_VALUE) {
            json.put("lora_alpha", (int) lora.alpha());
        } else {
            json.put("lora_alpha", lora.alpha());
        }
        json.put("lora_dropout", lora.dropout());
        json.put("use_rslora", lora.rankStabilised());
        adapter.targets().forEach(json.putArray("target_modules")::add);
        json.put("fan_in_fan_out", transposed);
        json.put("bias", "none");
        json.put("init_lora_weights", true);
        json.put("use_dora", false);
        json.putObject("rank_pattern");
        json.putObject("alpha_pattern");
        for (String absent :
                List.of("auto_mapping", "layers_pattern", "layers_to_transform", "modules_to_save", "revision")) {
            json.putNull(absent);
        }
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n";
    }
}
