package dev.chorus.supervise;

import dev.chorus.labels.ClassAggregate;
import dev.chorus.labels.ClassLabels;
import dev.chorus.labels.ItemWeights;
import java.util.List;

/**
 * What a student of classes may learn from.
 *
 * @param inputs    [N] token ids as the student reads them
 * @param classes   K
 * @param labels    of W weak models; empty if nobody is to be learned from but gold
 * @param aggregate of the labels; null likewise
 * @param gold      [N] index of the gold class; for the ceiling and the weak models alone
 * @param weights   [N] how much each item counts
 */
public record ClassSet(
        List<int[]> inputs,
        int classes,
        List<ClassLabels> labels,
        ClassAggregate aggregate,
        int[] gold,
        ItemWeights weights) {}
