package dev.chorus.train;

import dev.chorus.labels.ItemWeights;
import dev.chorus.loss.LossValue;
import dev.chorus.train.batch.ClassRows;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import org.bytedeco.pytorch.Tensor;

/** A loss on the class logits of every sequence, whose labels it knows by the index of the item. */
public final class ClassificationObjective implements ClassObjective {
    /** A loss that knows the labels of items. */
    @FunctionalInterface
    public interface ClassLoss {
        /**
         * Value and gradient.
         *
         * @param logits  [B, K] of the items, in their order
         * @param weights [B] how much each counts; null for 1 each
         * @param total   what the loss is divided by, above 0
         */
        LossValue of(Tensor logits, int[] items, float[] weights, double total, Progress at);
    }

    private final List<int[]> sequences;
    private final ItemWeights weights;
    private final IntPredicate labelled;
    private final ClassLoss loss;

    /**
     * On these sequences.
     *
     * @param sequences [N] token ids
     * @param weights   [N]
     * @param labelled  whether an item has a label; one without counts as removed
     */
    public ClassificationObjective(List<int[]> sequences, ItemWeights weights, IntPredicate labelled, ClassLoss loss) {
        this.sequences = sequences;
        this.weights = weights;
        this.labelled = labelled;
        this.loss = loss;
    }

    @Override
    public ClassRows rows(int[] items) {
        int[] counted = Arrays.stream(items)
                .filter(labelled)
                .filter(item -> weights.of(item) > 0)
                .toArray();
        return new ClassRows(
                counted,
                Arrays.stream(counted).mapToObj(sequences::get).toList(),
                weights.of(counted),
                weights.sum(counted));
    }

    @Override
    public LossValue loss(Tensor logits, ClassRows rows, double total, Progress at) {
        return loss.of(logits, rows.items(), rows.weights(), total, at);
    }
}
