package dev.chorus.labels;

/**
 * What items with gold labels, which no weak model was taught, say of the weak models.
 *
 * @param on                where the items are from: "gold" or "devel"
 * @param items             how many
 * @param quality           [W] accuracy of classes, smoothed as {@code (right + 1) / (items + K)}; of texts the mean of the task's metric
 * @param errorCorrelation  mean correlation of two weak models' errors on these items; NaN where no pair has one
 * @param effectiveLabelers how many independent labelers the weak models are worth by it; NaN likewise
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Judgement(String on, int items, double[] quality, double errorCorrelation, double effectiveLabelers) {}
