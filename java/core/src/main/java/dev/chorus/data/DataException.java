package dev.chorus.data;

import java.nio.file.Path;

/** Data that cannot be used: a missing file, a malformed line, an empty split. The message is for people. */
public class DataException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * @param file    where the problem is
     * @param line    from 1; 0 if it is the file as a whole
     * @param problem what is wrong and what would be right
     */
    public DataException(Path file, long line, String problem) {
        super(place(file, line) + ": " + problem);
    }

    /**
     * @param file    where the problem is
     * @param line    from 1; 0 if it is the file as a whole
     * @param problem what is wrong and what would be right
     * @param cause   what found it
     */
    public DataException(Path file, long line, String problem, Throwable cause) {
        super(place(file, line) + ": " + problem, cause);
    }

    private static String place(Path file, long line) {
        return line > 0 ? file + ":" + line : file.toString();
    }
}
