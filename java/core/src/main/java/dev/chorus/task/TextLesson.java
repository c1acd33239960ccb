package dev.chorus.task;

import dev.chorus.data.Item;
import dev.chorus.data.Splits;
import java.util.List;
import java.util.Map;

/**
 * A task whose answer is a text that a model writes.
 *
 * @param <E> the task's examples
 */
public non-sealed interface TextLesson<E extends Item> extends Lesson<E> {
    /** The gold answer as a model should write it. */
    @Override
    String gold(E example);

    /**
     * How good answers are.
     *
     * @param answers [N] what a model wrote, the end of sequence left out
     * @return figures by name, {@link #metric} among them, in the order in which they are shown
     */
    Map<String, Double> score(List<E> examples, List<String> answers);

    @Override
    default void check(Splits<E> splits, int taught) {}
}
