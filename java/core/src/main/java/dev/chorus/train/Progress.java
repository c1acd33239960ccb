package dev.chorus.train;

/**
 * Where a training is.
 *
 * @param epoch from 0
 * @param step  from 0, over the whole training
 * @param share of the training that is done, 0 to below 1
 */
public record Progress(int epoch, int step, double share) {}
