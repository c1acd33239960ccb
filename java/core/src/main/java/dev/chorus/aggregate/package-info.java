/**
 * From the answers of several weak labelers to one answer and its uncertainty. Plain arrays in and out; nothing here
 * needs LibTorch, so that labels can be aggregated where no model runs.
 *
 * <p>Whole sets of votes go through {@link dev.chorus.aggregate.LabelAggregator}, of which {@link
 * dev.chorus.aggregate.Aggregators} knows all; {@code votes} has the votes and the files that they come from, {@code methods} the
 * aggregators, {@code labelers} who is right and who only repeats, {@code online} aggregation that goes on, {@code pairs}
 * comparisons. The classes of this package that take arrays of one item serve the experiments.
 *
 * <p>W is the number of weak labelers, K of classes, N of items. A labeler that gave no answer is left out: a hard vote
 * of {@link dev.chorus.aggregate.MajorityVote#MISSING}, or a null row among soft labels.
 */
package dev.chorus.aggregate;
