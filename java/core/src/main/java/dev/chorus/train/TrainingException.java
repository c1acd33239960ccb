package dev.chorus.train;

/** A training that cannot go on, such as one whose loss is no number. The message names step and examples. */
public class TrainingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With what happened, where, and what may help. */
    public TrainingException(String message) {
        super(message);
    }
}
