package dev.chorus.train;

import dev.chorus.config.Key;
import dev.chorus.config.Ranges;
import dev.chorus.train.optim.Optimizers;
import dev.chorus.train.optim.Schedules;

/**
 * How a model is trained.
 *
 * @param epochs       passes over the examples
 * @param batch        examples a step
 * @param microBatch   examples of a step that go through the model at a time; 0 for all
 * @param optimizer    name of an {@link Optimizers optimizer}
 * @param schedule     name of a {@link Schedules schedule}
 * @param learningRate at its peak
 * @param weightDecay  decoupled, on matrices only; 0 for none
 * @param warmup       share of all steps that the learning rate rises in
 * @param clip         largest norm of all gradients together; 0 for no limit
 */
public record TrainSettings(
        @Key(value = "passes over the examples", range = "[1,)")
        int epochs,

        @Key(value = "examples a step", range = "[1,)") int batch,

        @Key(
                value =
                        "examples of a step that go through the model at a time; 0 for all. Less memory, the same gradient",
                range = "[0,)",
                fallback = "0")
        int microBatch,

        @Key(value = "`adamw`, or `sgd` without momentum", fallback = "adamw")
        String optimizer,

        @Key(value = "`linear` (to zero), `cosine` (to zero) or `constant`, after the warm-up", fallback = "linear")
        String schedule,

        @Key(value = "at its peak", range = "(0,10)") double learningRate,

        @Key(value = "decoupled, on matrices only; 0 for none", range = "[0,10)")
        double weightDecay,

        @Key(value = "share of the steps in which the learning rate rises, linearly", range = "[0,1]")
        double warmup,

        @Key(value = "largest norm of all gradients together; 0 for no limit", range = "[0,)")
        double clip) {
    /** Refuses values outside their ranges; the message names the key. */
    public TrainSettings {
        Ranges.check(
                TrainSettings.class,
                epochs,
                batch,
                microBatch,
                optimizer,
                schedule,
                learningRate,
                weightDecay,
                warmup,
                clip);
    }

    /** With AdamW, a linear schedule, and steps that go through whole. */
    public TrainSettings(int epochs, int batch, double learningRate, double weightDecay, double warmup, double clip) {
        this(epochs, batch, 0, "adamw", "linear", learningRate, weightDecay, warmup, clip);
    }

    /** Steps over this many examples. */
    public int steps(int examples) {
        return epochs * stepsPerEpoch(examples);
    }

    /** Steps of one epoch; the last one may hold fewer examples. */
    public int stepsPerEpoch(int examples) {
        return (examples + batch - 1) / batch;
    }
}
