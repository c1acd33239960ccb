package dev.chorus.model.batch;

import java.util.Arrays;
import java.util.List;

/**
 * Sequences laid end to end without padding: what dense layers see is [N] tokens, not [S, T].
 *
 * @param ids       [N] token ids
 * @param positions [N] position of every token in its sequence, from 0
 * @param offsets   [S + 1] where every sequence starts; the last entry is N
 */
public record FlatBatch(long[] ids, long[] positions, int[] offsets) {
    /**
     * Joins sequences.
     *
     * @throws IllegalArgumentException if one is empty; names its index
     */
    public static FlatBatch of(List<int[]> sequences) {
        int total = 0;
        int[] offsets = new int[sequences.size() + 1];
        for (int s = 0; s < sequences.size(); s++) {
            if (sequences.get(s).length == 0) {
                throw new IllegalArgumentException("sequence " + s + " has no tokens");
            }
            total += sequences.get(s).length;
            offsets[s + 1] = total;
        }
        long[] ids = new long[total];
        long[] positions = new long[total];
        for (int s = 0; s < sequences.size(); s++) {
            int[] sequence = sequences.get(s);
            for (int t = 0; t < sequence.length; t++) {
                ids[offsets[s] + t] = sequence[t];
                positions[offsets[s] + t] = t;
            }
        }
        return new FlatBatch(ids, positions, offsets);
    }

    /** N. */
    public int tokens() {
        return ids.length;
    }

    /** S. */
    public int sequences() {
        return offsets.length - 1;
    }

    /** Tokens of the longest sequence. */
    public int longest() {
        int longest = 0;
        for (int s = 0; s < sequences(); s++) {
            longest = Math.max(longest, offsets[s + 1] - offsets[s]);
        }
        return longest;
    }

    /** [S] flat index of every sequence's last token. */
    public long[] lastTokens() {
        long[] last = new long[sequences()];
        for (int s = 0; s < last.length; s++) {
            last[s] = offsets[s + 1] - 1L;
        }
        return last;
    }

    /** [N] tokens of the sequence that every token belongs to. */
    public int[] lengths() {
        int[] lengths = new int[tokens()];
        for (int s = 0; s < sequences(); s++) {
            Arrays.fill(lengths, offsets[s], offsets[s + 1], offsets[s + 1] - offsets[s]);
        }
        return lengths;
    }
}
