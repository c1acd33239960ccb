package dev.chorus.aggregate.votes;

import java.nio.file.Path;

/** A file of votes that cannot be used; the message names file and line and says what was expected. */
public final class VoteFileException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient Path file;
    private final long line;
    private final String problem;

    /**
     * A problem.
     *
     * @param line from 1; 0 for the file as a whole
     */
    public VoteFileException(Path file, long line, String problem) {
        super(file + (line > 0 ? ":" + line : "") + ": " + problem);
        this.file = file;
        this.line = line;
        this.problem = problem;
    }

    /** The file. */
    public Path file() {
        return file;
    }

    /** From 1; 0 for the file as a whole. */
    public long line() {
        return line;
    }

    /** What is wrong, without file and line. */
    public String problem() {
        return problem;
    }
}
