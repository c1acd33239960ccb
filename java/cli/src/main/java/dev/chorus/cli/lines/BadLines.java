package dev.chorus.cli.lines;

import dev.chorus.data.DataException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Lines that cannot be used: the first one stops the work, or all are counted and left out. */
public final class BadLines {
    private static final int NAMED = 5;

    private final Path file;
    private final boolean skip;
    private final List<String> named = new ArrayList<>();
    private int count;

    /** None yet. */
    public BadLines(Path file, boolean skip) {
        this.file = file;
        this.skip = skip;
    }

    /**
     * Takes note of one.
     *
     * @param line from 1
     * @throws DataException with file, line and problem, unless bad lines are skipped
     */
    public void add(int line, String problem) {
        DataException bad = new DataException(file, line, problem);
        if (!skip) {
            throw bad;
        }
        count++;
        if (named.size() < NAMED) {
            named.add(bad.getMessage());
        }
    }

    /** How many there are. */
    public int count() {
        return count;
    }

    /** Sentences for a person: how many were left out, and the first few by name; none if all lines are good. */
    public List<String> report() {
        if (count == 0) {
            return List.of();
        }
        List<String> report = new ArrayList<>();
        report.add(count + (count == 1 ? " bad line" : " bad lines") + " left out");
        report.addAll(named);
        if (count > named.size()) {
            report.add("and " + (count - named.size()) + " more");
        }
        return report;
    }
}
