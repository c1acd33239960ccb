package dev.chorus.stage;

/** A stage that failed. The message names the stage and the reason; stages that finished before are kept. */
public class StageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With what a person should know, and the cause. */
    public StageException(String message, Throwable cause) {
        super(message, cause);
    }
}
