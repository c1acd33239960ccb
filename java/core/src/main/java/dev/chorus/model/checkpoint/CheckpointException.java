package dev.chorus.model.checkpoint;

import dev.chorus.text.Shown;
import java.nio.file.Path;

/** A model folder that cannot be used as it is. The message names the file, and the key or tensor. */
public class CheckpointException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** For a problem found in a file. */
    public CheckpointException(Path file, String problem) {
        super(Shown.message(file + ": " + problem));
    }

    /** For a problem with a cause, such as a failed read. */
    public CheckpointException(Path file, String problem, Throwable cause) {
        super(Shown.message(file + ": " + problem), cause);
    }
}
