package dev.chorus.model;

/** A model's answer is no finite number: its weights hold NaN or infinity, or numbers that lead there. */
public final class NotFiniteException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    /** With what was found. */
    public NotFiniteException(String what, Throwable cause) {
        super(what + "; are the weights damaged?", cause);
    }
}
