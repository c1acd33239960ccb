package dev.chorus.train;

import dev.chorus.loss.LossValue;
import dev.chorus.train.batch.ClassRows;
import org.bytedeco.pytorch.Tensor;

/** An objective on the class logits of sequences. */
public non-sealed interface ClassObjective extends Objective {
    /**
     * What these examples read.
     *
     * @param items indexes of the examples, a micro-batch
     */
    ClassRows rows(int[] items);

    /**
     * The loss on a micro-batch.
     *
     * @param logits [S, K] f32
     * @param rows   what was read
     * @param total  what the loss is divided by: {@link ClassRows#count} summed over the whole step, above 0
     * @return its gradient is that of {@code sum / total} with respect to the logits
     */
    LossValue loss(Tensor logits, ClassRows rows, double total, Progress at);
}
