package dev.chorus.task;

import dev.chorus.data.Item;
import dev.chorus.data.Splits;

/**
 * A task with what its data fixes.
 *
 * @param <E> the task's examples
 */
public sealed interface Lesson<E extends Item> permits ClassLesson, TextLesson {
    /** Key of the main figure of an evaluation, such as "accuracy". */
    String metric();

    /** The gold answer, for people and for the length of what is taught. */
    String gold(E example);

    /**
     * Refuses splits that cannot be learned from.
     *
     * @param taught how many of the gold examples the weak models learn from
     * @throws dev.chorus.data.DataException says which example and why
     */
    void check(Splits<E> splits, int taught);
}
