package dev.chorus.train.batch;

import java.util.List;

/**
 * What a micro-batch of a loss on classes reads: sequences, each with one row of class logits.
 *
 * @param items     [S] the example that each sequence belongs to
 * @param sequences [S] token ids
 * @param weights   [S] how much each counts; null for 1 each
 * @param count     what the mean over a step divides by, summed over its micro-batches
 */
public record ClassRows(int[] items, List<int[]> sequences, float[] weights, double count) {}
