package dev.chorus.data;

/** One thing to be labelled: a text with an id. What its gold answer is, the task knows. */
public interface Item {
    /** In its file; several items may have one. */
    String id();

    /** What a model reads. */
    String text();
}
