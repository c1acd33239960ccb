package dev.chorus.train;

/** What a training minimises: adds a batch's gradient to the model's parameters. */
@FunctionalInterface
public interface Objective {
    /**
     * Forward and backward on one batch; called inside a scope of its own.
     *
     * @return the mean loss of the batch, nats
     */
    double accumulate(Batch batch);
}
