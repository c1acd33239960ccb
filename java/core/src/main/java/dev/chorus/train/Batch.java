package dev.chorus.train;

/**
 * What one step trains on.
 *
 * @param items    indexes of the examples
 * @param epoch    from 0
 * @param step     from 0, over the whole training
 * @param progress share of the training that is done, 0 to below 1
 */
public record Batch(int[] items, int epoch, int step, double progress) {}
