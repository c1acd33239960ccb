package dev.chorus.train.batch;

import dev.chorus.model.batch.Sequence;
import java.util.List;

/**
 * What a micro-batch of a loss on tokens reads: sequences whose completion tokens count.
 *
 * @param items     [S] the example that each sequence belongs to
 * @param sequences [S] may be none; then the micro-batch counts as removed
 * @param weights   [S] how much each counts; null for 1 each
 * @param count     what the mean over a step divides by, summed over its micro-batches: weighted tokens, sequences or pairs
 */
public record TokenRows(int[] items, List<Sequence> sequences, float[] weights, double count) {
    /** The weight of a sequence. */
    public double weight(int sequence) {
        return weights == null ? 1 : weights[sequence];
    }
}
