package dev.chorus.model.family;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a family's checkpoints call the modules. Immutable.
 *
 * <p>A module {@code m} has the tensors {@code m.weight} and perhaps {@code m.bias}.
 */
public final class TensorNames {
    private static final Pattern BUFFERS = Pattern.compile(
            ".*(\\.attn\\.(bias|masked_bias)|\\.attention\\.(bias|masked_bias)|\\.position_ids"
                    + "|(rotary_emb|rotary_pos_emb)\\.(inv_freq|original_inv_freq|cos_cached|sin_cached)|\\.rope\\.freqs)");

    /** What wrapping a model for training puts into its names: torch.compile, FSDP, activation checkpointing. */
    private static final Pattern WRAPPERS =
            Pattern.compile("_orig_mod\\.|_fsdp_wrapped_module\\.|_checkpoint_wrapped_module\\.");

    /** DataParallel and DistributedDataParallel put theirs in front. */
    private static final Pattern PARALLEL = Pattern.compile("^(module\\.)+");

    /** A reward or value head, as trainers of RLHF add one; no part of a language model. */
    private static final Pattern VALUE_HEAD = Pattern.compile("(v_head|value_head)\\..*");

    private final String prefix;
    private final String blocks;
    private final Map<Part, String> names;

    private TensorNames(String prefix, String blocks, Map<Part, String> names) {
        this.prefix = prefix;
        this.blocks = blocks;
        this.names = names;
    }

    /**
     * An empty list of names.
     *
     * @param prefix in front of every name but those of the heads; files of the bare model leave it out
     * @param blocks of the blocks, with {@code %d} for the layer
     */
    static TensorNames of(String prefix, String blocks) {
        return new TensorNames(prefix, blocks, new EnumMap<>(Part.class))
                .with(Part.HEAD, "lm_head")
                .with(Part.SCORE, "score");
    }

    /** With one more name, or another one; inside a block without the block's own. */
    TensorNames with(Part part, String name) {
        Map<Part, String> more = new EnumMap<>(names);
        more.put(part, name);
        return new TensorNames(prefix, blocks, more);
    }

    /** The names that Llama gave, and most families since have kept. */
    static TensorNames llama() {
        return of("model.", "layers.%d.")
                .with(Part.EMBEDDING, "embed_tokens")
                .with(Part.FINAL_NORM, "norm")
                .with(Part.ATTENTION_NORM, "input_layernorm")
                .with(Part.QUERY, "self_attn.q_proj")
                .with(Part.KEY, "self_attn.k_proj")
                .with(Part.VALUE, "self_attn.v_proj")
                .with(Part.ATTENTION_OUT, "self_attn.o_proj")
                .with(Part.MLP_NORM, "post_attention_layernorm")
                .with(Part.GATE, "mlp.gate_proj")
                .with(Part.UP, "mlp.up_proj")
                .with(Part.DOWN, "mlp.down_proj");
    }

    /** The module outside the blocks. */
    public String module(Part part) {
        String name = name(part);
        return part == Part.HEAD || part == Part.SCORE ? name : prefix + name;
    }

    /** The module of one block. */
    public String module(int layer, Part part) {
        return prefix + blocks.formatted(layer) + name(part);
    }

    /** What a file of the bare model leaves out in front of a name. */
    public String prefix() {
        return prefix;
    }

    /** The last step of every dense module's name inside the blocks, which is what adapters are aimed at. */
    public List<String> denseModules() {
        return names.entrySet().stream()
                .filter(entry -> switch (entry.getKey()) {
                    case QKV, QUERY, KEY, VALUE, ATTENTION_OUT, GATE_UP, GATE, UP, DOWN -> true;
                    default -> false;
                })
                .map(entry -> entry.getValue().substring(entry.getValue().lastIndexOf('.') + 1))
                .distinct()
                .toList();
    }

    /** Whether a tensor of a checkpoint is a stored constant (a causal mask, rotary frequencies) and no weight. */
    public static boolean isBuffer(String tensor) {
        return BUFFERS.matcher("." + tensor).matches();
    }

    /** Whether a tensor of a checkpoint is a value head beside the language model. */
    public static boolean isValueHead(String tensor) {
        return VALUE_HEAD.matcher(tensor).matches();
    }

    /** A stored name without what wrapping the model for training has put into it. */
    public static String unwrapped(String tensor) {
        return PARALLEL.matcher(WRAPPERS.matcher(tensor).replaceAll("")).replaceFirst("");
    }

    /** How many blocks there are names of in a checkpoint: the highest number + 1. */
    public int blocksIn(Iterable<String> tensors) {
        Pattern block = Pattern.compile(
                "(" + Pattern.quote(prefix) + ")?" + Pattern.quote(blocks).replace("%d", "\\E(\\d{1,9})\\Q") + ".*");
        int count = 0;
        for (String tensor : tensors) {
            Matcher found = block.matcher(tensor);
            if (found.matches()) {
                count = Math.max(count, Integer.parseInt(found.group(2)) + 1);
            }
        }
        return count;
    }

    private String name(Part part) {
        String name = names.get(part);
        if (name == null) {
            throw new IllegalStateException("this family has no name for " + part);
        }
        return name;
    }
}
