package dev.chorus.train;

import dev.chorus.loss.LossValue;
import dev.chorus.train.batch.HeadRows;
import dev.chorus.train.batch.TokenRows;

/** An objective on the tokens of completions, through a language model's head. */
public non-sealed interface TokenObjective extends Objective {
    /**
     * What these examples read.
     *
     * @param items indexes of the examples, a micro-batch
     * @param epoch from 0
     */
    TokenRows rows(int[] items, int epoch);

    /**
     * The loss on the rows of a micro-batch, never empty; called inside a scope, adds the head's gradients itself.
     *
     * @return its gradient is that of {@code sum / rows.total()} with respect to the hidden states
     */
    LossValue loss(HeadRows rows, Progress at);
}
