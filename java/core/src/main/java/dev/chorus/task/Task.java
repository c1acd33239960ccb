package dev.chorus.task;

import dev.chorus.data.DataSource;
import dev.chorus.data.Item;
import java.util.List;

/**
 * What models are taught and asked: where its examples come from, and what follows from them. A task is one class; which there
 * are, {@link Tasks} lists.
 *
 * @param <E> its examples
 */
public interface Task<E extends Item> {
    /** Whether an answer is one of several classes, or a text. */
    enum Kind {
        /** One of the classes that the examples name. */
        CLASSES,
        /** A text that a model writes. */
        TEXTS
    }

    /** In configurations, in the names of stages and in results: lower case, no blanks. */
    String key();

    /** For people. */
    String title();

    /** What an answer is; says which {@link Lesson} {@link #lesson} gives. */
    Kind kind();

    /**
     * The examples of a file.
     *
     * @throws dev.chorus.data.DataException at the first line that is malformed, with its number; or if there is none
     */
    List<E> read(DataSource source);

    /**
     * What the data fixes: the classes, or how answers are written and scored.
     *
     * @param pool all examples that gold and weak sentences are drawn from, whatever the seed
     */
    Lesson<E> lesson(List<E> pool);
}
