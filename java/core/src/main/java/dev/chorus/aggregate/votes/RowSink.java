package dev.chorus.aggregate.votes;

/** Takes rows as a format finds them. */
interface RowSink {

    /** A vote. */
    void vote(Row row);

    /** A labeler saw a task and gave no label. */
    void abstention(Row row);

    /** The export itself knows the task's label. */
    void gold(Row row);
}
