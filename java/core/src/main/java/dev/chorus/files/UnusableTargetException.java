package dev.chorus.files;

import java.nio.file.FileSystemException;
import java.nio.file.Path;

/** A path that no file can be written to: a directory, a socket, a link that leads back to itself. Another path is the cure. */
public final class UnusableTargetException extends FileSystemException {
    private static final long serialVersionUID = 1L;

    /** With a reason for people: "is a directory". */
    public UnusableTargetException(Path file, String reason) {
        super(file.toString(), null, reason);
    }
}
