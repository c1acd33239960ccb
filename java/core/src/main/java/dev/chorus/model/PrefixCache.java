package dev.chorus.model;

import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Keys and values of what every row of a generation has seen: a prompt, then one token a step.
 *
 * <p>Layout [rows, heads, prompt + new, d]: prompts lie in front, padded to the longest one; new tokens of all rows follow
 * at the same places, so a step writes one slice. A mask hides the padding between a short prompt and the new tokens.
 *
 * <p>Not thread-safe; owns its native memory until {@link #close}.
 */
final class PrefixCache implements AutoCloseable {
    /** One block's share. */
    static final class Layer {
        private Tensor keys;
        private Tensor values;

        /** [rows, heads, length, d]. */
        Tensor keys() {
            return keys;
        }

        Tensor values() {
            return values;
        }

        void fill(Tensor k, Tensor v) {
            keys.narrow(2, 0, k.size(2)).copy_(k);
            values.narrow(2, 0, v.size(2)).copy_(v);
        }

        void append(Tensor k, Tensor v, long place) {
            keys.select(2, place).copy_(k);
            values.select(2, place).copy_(v);
        }
    }

    private final int promptLength;
    private final int capacity;
    private int[] promptLengths;
    private int step;
    private final List<Layer> layers = new ArrayList<>();

    /** Room for these prompts and {@code newTokens} further tokens each. */
    PrefixCache(ModelConfig config, FlatBatch prompts, int newTokens) {
        promptLength = prompts.longest();
        capacity = promptLength + newTokens;
        promptLengths = new int[prompts.sequences()];
        for (int s = 0; s < promptLengths.length; s++) {
            promptLengths[s] = prompts.offsets()[s + 1] - prompts.offsets()[s];
        }
        try (Scope scope = new Scope()) {
            for (int i = 0; i < config.layers(); i++) {
                Layer layer = new Layer();
                layer.keys = scope.release(
                        Tensors.zeros(promptLengths.length, config.heads(), capacity, config.headWidth()));
                layer.values = scope.release(
                        Tensors.zeros(promptLengths.length, config.heads(), capacity, config.headWidth()));
                layers.add(layer);
            }
        }
    }

    Layer layer(int i) {
        return layers.get(i);
    }

    int rows() {
        return promptLengths.length;
    }

    /** Place of the token that this step writes. */
    long step() {
        return promptLength + (long) step;
    }

    /** Keys to look at in this step, its own included. */
    long known() {
        return step() + 1;
    }

    /** A step is over. */
    void advance() {
        step++;
    }

    /** [rows] position of this step's token in its own sequence. */
    long[] nextPositions() {
        return Arrays.stream(promptLengths)
                .mapToLong(length -> length + (long) step)
                .toArray();
    }

    /** bool [rows, 1, 1, known]: true where a key may be looked at. */
    Tensor attentionMask() {
        int known = Math.toIntExact(known());
        byte[] mask = new byte[rows() * known];
        for (int row = 0; row < rows(); row++) {
            Arrays.fill(mask, row * known, row * known + promptLengths[row], (byte) 1);
            Arrays.fill(mask, row * known + promptLength, (row + 1) * known, (byte) 1);
        }
        return Tensors.booleans(mask, rows(), 1, 1, known);
    }

    /** Row i becomes a copy of row {@code parents[i]}; rows may be dropped and repeated. */
    void reorder(long[] parents) {
        int[] lengths = new int[parents.length];
        for (int i = 0; i < parents.length; i++) {
            lengths[i] = promptLengths[(int) parents[i]];
        }
        promptLengths = lengths;
        for (Layer layer : layers) {
            try (Scope scope = new Scope()) {
                Tensor index = Tensors.longs(parents, parents.length);
                Tensor keys = scope.release(layer.keys.index_select(0, index));
                Tensor values = scope.release(layer.values.index_select(0, index));
                layer.keys.close();
                layer.values.close();
                layer.keys = keys;
                layer.values = values;
            }
        }
    }

    @Override
    public void close() {
        for (Layer layer : layers) {
            layer.keys.close();
            layer.values.close();
        }
    }
}
