package dev.chorus.supervise;

import dev.chorus.labels.ItemWeights;
import java.util.Optional;

/**
 * How much an item's labels are to be believed, and so how much the item counts in training (Guo and Yang, arXiv:2406.19032). One
 * class each; which there are, {@link Reliabilities} lists.
 */
public interface Reliability {
    /** In configurations. */
    String name();

    /** The record of its options, a group of the task's with this {@link #name}; empty if it has none. */
    default Optional<Class<? extends Record>> options() {
        return Optional.empty();
    }

    /** What stands for a missing group of options; empty if it has none, or it must be there. */
    default Optional<Record> defaults() {
        return Optional.empty();
    }

    /** Whether it looks at {@link WeakAnswers#right}, for which the weak models have to be judged. */
    default boolean probes() {
        return false;
    }

    /**
     * The items' weights.
     *
     * @param options of {@link #options}; null if it has none
     */
    ItemWeights weights(WeakAnswers answers, Record options);
}
