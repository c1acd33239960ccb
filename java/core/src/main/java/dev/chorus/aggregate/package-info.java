/**
 * From the answers of several weak labelers to one answer and its uncertainty. Plain arrays in and out; nothing here
 * needs LibTorch, so that labels can be aggregated where no model runs.
 *
 * <p>W is the number of weak labelers, K of classes, N of items. A labeler that gave no answer is left out: a hard vote
 * of {@link dev.chorus.aggregate.MajorityVote#MISSING}, or a null row among soft labels.
 */
package dev.chorus.aggregate;
