package dev.chorus.model;

import dev.chorus.torch.Tensors;
import org.bytedeco.pytorch.Tensor;

/**
 * How flat tokens [N] become a padded [S * Tmax] inside attention, and return.
 *
 * @param index     [N] place of every token in the padded layout; null if all sequences are equally long, when both are one
 * @param sequences S
 * @param longest   Tmax
 */
record Packing(Tensor index, int sequences, int longest) {
    static Packing of(FlatBatch batch) {
        int longest = batch.longest();
        int sequences = batch.sequences();
        Tensor index =
                batch.tokens() == sequences * longest ? null : Tensors.longs(batch.paddedIndex(), batch.tokens());
        return new Packing(index, sequences, longest);
    }

    /** [N, M] to [S * Tmax, M], zeros between. */
    Tensor pad(Tensor flat) {
        if (index == null) {
            return flat;
        }
        return Tensors.zeros((long) sequences * longest, flat.size(1)).index_copy(0, index, flat);
    }

    /** [S * Tmax, M] to [N, M]. */
    Tensor unpad(Tensor padded) {
        return index == null ? padded : padded.index_select(0, index);
    }
}
