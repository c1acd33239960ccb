package dev.chorus.aggregate.votes;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Rows that cannot be used: the first one ends the reading, or all are counted and left out. */
final class BadRows {

    private static final int NAMED = 5;

    private final Path file;
    private final boolean skip;
    private final List<String> named = new ArrayList<>();
    private long count;

    BadRows(Path file, boolean skip) {
        this.file = file;
        this.skip = skip;
    }

    /** Takes note of one. */
    void add(long line, String problem) {
        VoteFileException bad = new VoteFileException(file, line, problem);
        if (!skip) {
            throw bad;
        }
        count++;
        if (named.size() < NAMED) {
            named.add(bad.getMessage());
        }
    }

    long count() {
        return count;
    }

    /** The first few. */
    List<String> named() {
        return List.copyOf(named);
    }

    Path file() {
        return file;
    }
}
