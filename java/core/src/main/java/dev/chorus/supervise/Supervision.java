package dev.chorus.supervise;

import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.task.Task;
import dev.chorus.train.ClassObjective;
import dev.chorus.train.TokenObjective;
import java.util.Optional;
import java.util.Set;

/**
 * A way to teach a student from weak labels: it turns them into an objective. One class each; which there are,
 * {@link Supervisions} lists.
 */
public interface Supervision {
    /** In configurations, and in the names of stages. */
    String name();

    /** A student's title, for people. */
    String title();

    /** Whether it teaches classes, texts, or both. */
    Set<Task.Kind> kinds();

    /**
     * Whether a preference stage that has settings, but that no student asks for, follows this one: what configurations without
     * {@code then} have always meant.
     */
    default boolean isFollowedUnasked() {
        return false;
    }

    /** The record of its options, a group of the task's with this {@link #name}; empty if it has none. */
    default Optional<Class<? extends Record>> options() {
        return Optional.empty();
    }

    /** Whether it teaches texts by {@link TextSet#rescored}, for which every weak model scores all weak models' texts. */
    default boolean rescores() {
        return false;
    }

    /** Whether it teaches texts by a loss that takes no head with a soft cap. */
    default boolean needsUncappedHead() {
        return false;
    }

    /** What stands for a missing group of options; empty if it must be there. */
    default Optional<Record> defaults() {
        return Optional.empty();
    }

    /**
     * Refuses a number of classes that it cannot teach, before any work.
     *
     * @throws IllegalArgumentException says how many it takes
     */
    default void check(int classes) {}

    /**
     * The objective for classes.
     *
     * @param options of {@link #options}; null if it has none
     */
    default ClassObjective classes(ClassSet set, Record options) {
        throw new UnsupportedOperationException(name() + " does not teach classes");
    }

    /**
     * The objective for texts.
     *
     * @param options of {@link #options}; null if it has none
     */
    default TokenObjective texts(TextSet set, Record options) {
        throw new UnsupportedOperationException(name() + " does not teach texts");
    }

    /**
     * How the student's class logits are read: empty for a softmax, otherwise as evidence of a Dirichlet.
     *
     * @param options of {@link #options}; null if it has none
     */
    default Optional<Evidence> readout(Record options) {
        return Optional.empty();
    }
}
