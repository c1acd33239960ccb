package dev.chorus.supervise;

import dev.chorus.loss.SoftCrossEntropyLoss;
import dev.chorus.train.ClassObjective;
import dev.chorus.train.ClassificationObjective;

/** Cross-entropy against one soft label an item, wherever it comes from. */
final class SoftTargets {
    private SoftTargets() {}

    /**
     * The objective.
     *
     * @param rows [N][K] soft labels; an item whose row is null counts as removed
     */
    static ClassObjective objective(ClassSet set, double[][] rows) {
        return new ClassificationObjective(
                set.inputs(), set.weights(), item -> rows[item] != null, (logits, items, weights, total, at) -> {
                    double[][] targets = new double[items.length][];
                    for (int i = 0; i < targets.length; i++) {
                        targets[i] = rows[items[i]];
                    }
                    return SoftCrossEntropyLoss.of(logits, targets, weights, total);
                });
    }
}
