package dev.chorus.supervise;

import dev.chorus.loss.SoftLabelLoss;
import dev.chorus.loss.TrainingPoint;
import dev.chorus.task.Task;
import dev.chorus.train.ClassObjective;
import dev.chorus.train.ClassificationObjective;
import java.util.EnumSet;
import java.util.Set;

/**
 * A supervision of classes that is a loss on one soft label an item: the aggregator's posterior, or the mean of the weak labels
 * with weights of the weak models.
 */
abstract class LossSupervision implements Supervision {
    @Override
    public final Set<Task.Kind> kinds() {
        return EnumSet.of(Task.Kind.CLASSES);
    }

    /** [N][K] the labels; null for an item without one. */
    static double[][] labels(ClassSet set, Weighting weights) {
        return weights.areEven() ? set.aggregate().posterior() : ClassWeights.mean(set, weights);
    }

    /** The objective of a loss. */
    static ClassObjective objective(ClassSet set, double[][] labels, SoftLabelLoss loss) {
        return new ClassificationObjective(
                set.inputs(), set.weights(), item -> labels[item] != null, (logits, items, weights, total, at) -> {
                    double[][] rows = new double[items.length][];
                    for (int i = 0; i < rows.length; i++) {
                        rows[i] = labels[items[i]];
                    }
                    return loss.of(logits, rows, weights, total, new TrainingPoint(at.step(), at.share()));
                });
    }
}
