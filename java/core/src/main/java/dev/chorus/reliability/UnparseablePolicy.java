package dev.chorus.reliability;

/**
 * What becomes of an answer that could not be read. The experiments of arXiv:2406.19032 use all three, by data set: votes of their
 * own when filtering option letters, whole questions dropped for numbers.
 */
public enum UnparseablePolicy {
    /** It is a vote like any other; all unreadable answers of a question are the same vote. */
    KEEP_AS_VOTE,
    /** The row is dropped; entropy and reliability are those of the rest. */
    DROP_ROW,
    /** All rows of the question are dropped. */
    DROP_QUESTION
}
