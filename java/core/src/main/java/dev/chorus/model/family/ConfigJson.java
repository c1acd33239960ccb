package dev.chorus.model.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.text.Shown;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * A {@code config.json}, read key by key with the key's name in every complaint. It remembers what was asked for, so that keys
 * which nobody understood can be named.
 */
public final class ConfigJson {
    /** Keys that say nothing about the computation: bookkeeping, training, generation, other heads. */
    private static final Set<String> HARMLESS = Set.of(
            "_attn_implementation",
            "_attn_implementation_autoset",
            "_from_model_config",
            "_name_or_path",
            "attention_dropout",
            "architectures",
            "attn_pdrop",
            "auto_map",
            "bos_token_id",
            "cache_implementation",
            "chunk_size_feed_forward",
            "classifier_dropout",
            "dropout",
            "dtype",
            "embd_pdrop",
            "eos_token_id",
            "finetuning_task",
            "gradient_checkpointing",
            "hidden_dropout",
            "id2label",
            "init_std",
            "initializer_range",
            "keys_to_ignore_at_inference",
            "label2id",
            "layerdrop",
            "masked_softmax_fusion",
            "model_type",
            "num_labels",
            "offset_alibi",
            "output_attentions",
            "output_hidden_states",
            "output_router_logits",
            "pad_token_id",
            "prefix",
            "prefix_token_id",
            "pretraining_tp",
            "problem_type",
            "reorder_and_upcast_attn",
            "resid_pdrop",
            "return_dict",
            "sep_token_id",
            "seq_length",
            "skip_bias_add",
            "skip_bias_add_qkv",
            "slow_but_exact",
            "summary_activation",
            "summary_first_dropout",
            "summary_proj_to_labels",
            "summary_type",
            "summary_use_proj",
            "task_specific_params",
            "tokenizer_class",
            "torch_dtype",
            "transformers_version",
            "unk_token_id",
            "use_bfloat16",
            "use_cache");

    /**
     * No model has a size beyond these. They are far above every one there is, and low enough that products of two, and lists of
     * as many entries as layers, are harmless before the sizes are compared with the weights.
     */
    static final int MOST = 1 << 28;

    static final int MOST_CHANNELS = 1 << 20;

    static final int MOST_LAYERS = 10_000;

    private static final Set<String> WIDTHS = Set.of("hidden_size", "n_embd", "n_embed", "head_dim");

    private static final Set<String> LAYERS = Set.of("num_hidden_layers", "n_layer");

    private final ObjectNode node;
    private final String name;
    private final Set<String> read = new LinkedHashSet<>();

    /**
     * Wraps a parsed file.
     *
     * @param name what messages call it
     */
    public ConfigJson(ObjectNode node, String name) {
        this.node = node;
        this.name = name;
    }

    /** A message about this file, to be thrown. */
    public ConfigProblem problem(String what) {
        return new ConfigProblem(name + ": " + what);
    }

    /** Whether the key is there and not null. */
    boolean has(String key) {
        read.add(key);
        return node.hasNonNull(key);
    }

    /** Whether the key is there, be it null. */
    boolean contains(String key) {
        read.add(key);
        return node.has(key);
    }

    /** A part of the file as a config of its own, empty if it is missing or null. */
    ConfigJson part(String key) {
        read.add(key);
        JsonNode part = node.path(key);
        if (part.isMissingNode() || part.isNull()) {
            return new ConfigJson(node.objectNode(), name + ": " + key);
        }
        if (!(part instanceof ObjectNode object)) {
            throw problem(key + ": expected an object, got " + Shown.value(part));
        }
        return new ConfigJson(object, name + ": " + key);
    }

    /** A whole number above 0, and not so large that nothing was ever built so, under the first of these keys that is there. */
    int size(String... keys) {
        String key = present(keys);
        if (!node.has(key)) {
            throw problem(key + " is missing; expected a whole number above 0");
        }
        JsonNode value = node.path(key);
        int most = LAYERS.contains(key) ? MOST_LAYERS : WIDTHS.contains(key) ? MOST_CHANNELS : MOST;
        if (value.isIntegralNumber() && value.doubleValue() > most) {
            throw problem(key + ": expected at most " + most + ", got " + Shown.value(value));
        }
        int size = integer(key, -1);
        if (size < 1) {
            throw problem(key + ": expected a whole number above 0, got " + Shown.value(value));
        }
        return size;
    }

    /** As {@link #size}, with a value for a missing or null key. */
    int sizeOr(int missing, String... keys) {
        return has(present(keys)) ? size(keys) : missing;
    }

    /** As {@link #size}, with one value for a missing key and another for a null one, as transformers reads it. */
    int sizeOr(int missing, int none, String key) {
        return contains(key) ? sizeOr(none, key) : missing;
    }

    /** A whole number, or the value for a missing or null key. */
    int integer(String key, int missing) {
        if (!has(key)) {
            return missing;
        }
        JsonNode value = node.get(key);
        // canConvertToInt alone takes 2.5 for 2.
        if (!value.isIntegralNumber() || !value.canConvertToInt()) {
            throw problem(key + ": expected a whole number, got " + Shown.value(value));
        }
        return value.asInt();
    }

    /** A finite number, or the value for a missing or null key. */
    double number(String key, double missing) {
        if (!has(key)) {
            return missing;
        }
        JsonNode value = node.get(key);
        if (!value.isNumber() || !Double.isFinite(value.asDouble())) {
            throw problem(key + ": expected a number, got " + Shown.value(value));
        }
        return value.asDouble();
    }

    /** A finite number above 0. */
    double positive(String key, double missing) {
        double value = number(key, missing);
        if (!(value > 0)) {
            throw problem(key + ": expected a number above 0, got " + Shown.value(node.path(key)));
        }
        return value;
    }

    /** True or false, or the value for a missing or null key. */
    boolean flag(String key, boolean missing) {
        if (!has(key)) {
            return missing;
        }
        JsonNode value = node.get(key);
        if (!value.isBoolean()) {
            throw problem(key + ": expected true or false, got " + Shown.value(value));
        }
        return value.asBoolean();
    }

    /** A text, or the value for a missing or null key. */
    String text(String key, String missing) {
        if (!has(key)) {
            return missing;
        }
        if (!node.get(key).isTextual()) {
            throw problem(key + ": expected a text, got " + Shown.value(node.get(key)));
        }
        return node.get(key).asText();
    }

    /** A list of texts; empty if the key is missing or null. */
    List<String> texts(String key) {
        if (!has(key)) {
            return List.of();
        }
        JsonNode value = node.get(key);
        if (!value.isArray() || !all(value, JsonNode::isTextual)) {
            throw problem(key + ": expected a list of texts, got " + Shown.value(value));
        }
        List<String> out = new java.util.ArrayList<>();
        value.forEach(each -> out.add(each.asText()));
        return out;
    }

    /** The activation function under this key. */
    Activation activation(String key, String missing) {
        String found = text(key, missing);
        return Activation.named(found)
                .orElseThrow(() -> problem(
                        key + " '" + Shown.value(found) + "' is not supported; supported: " + Activation.supported()));
    }

    /** Refuses any other value than this one; a missing or null key is taken for it. */
    void require(String key, String supported) {
        if (has(key) && !node.get(key).asText().equals(supported)) {
            throw problem(
                    key + " '" + Shown.value(node.get(key).asText()) + "' is not supported; supported: " + supported);
        }
    }

    /** Refuses a key that is there and not null. */
    void refuse(String key, String why) {
        if (has(key)) {
            throw problem(key + " is not supported: " + why);
        }
    }

    /** Keys that nothing asked for and that are not known to be harmless. */
    public Set<String> unread() {
        Set<String> keys = new TreeSet<>();
        node.fieldNames().forEachRemaining(keys::add);
        keys.removeAll(read);
        keys.removeAll(HARMLESS);
        return keys;
    }

    /** The first of the keys that is there, or the first. */
    private String present(String... keys) {
        read.addAll(Arrays.asList(keys));
        for (String key : keys) {
            if (node.hasNonNull(key)) {
                return key;
            }
        }
        return keys[0];
    }

    private static boolean all(JsonNode list, java.util.function.Predicate<JsonNode> test) {
        for (JsonNode each : list) {
            if (!test.test(each)) {
                return false;
            }
        }
        return true;
    }
}
