package dev.chorus.model.cache;

import dev.chorus.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * New tokens of some sequences, many of one or one of many, laid end to end: [N]. Each attends to what its sequence has in the
 * cache and to the new ones up to itself.
 */
public final class CachedBatch {
    private final KeyValueCache cache;
    private final List<CachedSequence> sequences = new ArrayList<>();
    private long[] ids = new long[64];
    private long[] positions = new long[64];
    private long[] slots = new long[64];
    private int[] rows = new int[64];
    private int[] lengths = new int[64];
    private int count;

    /** An empty batch over this cache. */
    public CachedBatch(KeyValueCache cache) {
        this.cache = cache;
    }

    /**
     * Adds tokens of one sequence, behind what it has read; a sequence comes once a batch.
     *
     * @return index of the first of them in the batch
     */
    public int add(CachedSequence sequence, int[] tokens, int from, int to) {
        int first = count;
        int before = sequence.length();
        sequence.extend(to - from);
        grow(count + to - from);
        for (int i = from; i < to; i++, count++) {
            int position = before + i - from;
            ids[count] = tokens[i];
            positions[count] = position;
            slots[count] = sequence.slot(position);
            rows[count] = sequences.size();
            lengths[count] = position + 1;
        }
        sequences.add(sequence);
        return first;
    }

    /** N. */
    public int tokens() {
        return count;
    }

    /** [N] token ids. */
    public long[] ids() {
        return Arrays.copyOf(ids, count);
    }

    /** [N] positions in their sequences. */
    public long[] positions() {
        return Arrays.copyOf(positions, count);
    }

    /** [N] tokens that each one's sequence will have read. */
    public int[] lengths() {
        int[] out = new int[count];
        for (int n = 0; n < count; n++) {
            out[n] = sequences.get(rows[n]).length();
        }
        return out;
    }

    /** What the attention kernel reads, in the caller's scope. */
    public CachedTokens tokensForAttention() {
        int width = 1;
        for (CachedSequence sequence : sequences) {
            width = Math.max(width, sequence.pageCount());
        }
        int[] table = new int[sequences.size() * width];
        for (int s = 0; s < sequences.size(); s++) {
            for (int i = 0; i < sequences.get(s).pageCount(); i++) {
                table[s * width + i] = sequences.get(s).page(i);
            }
        }
        Tensor slotTensor = Tensors.longs(Arrays.copyOf(slots, count), count);
        return new CachedTokens(
                cache,
                slotTensor,
                Tensors.ints(table, sequences.size(), width),
                Tensors.ints(Arrays.copyOf(rows, count), count),
                Tensors.ints(Arrays.copyOf(lengths, count), count));
    }

    private void grow(int needed) {
        if (needed > ids.length) {
            int size = Math.max(needed, 2 * ids.length);
            ids = Arrays.copyOf(ids, size);
            positions = Arrays.copyOf(positions, size);
            slots = Arrays.copyOf(slots, size);
            rows = Arrays.copyOf(rows, size);
            lengths = Arrays.copyOf(lengths, size);
        }
    }
}
