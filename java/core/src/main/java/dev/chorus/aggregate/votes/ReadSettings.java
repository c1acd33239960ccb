package dev.chorus.aggregate.votes;

import java.util.Map;
import java.util.Set;

/**
 * How files of votes are read.
 *
 * @param columns     names of columns or fields by role: {@code task}, {@code worker}, {@code label}, {@code probability},
 *                    {@code timestamp}; roles that are not named here are looked for by their usual names
 * @param skipBad     whether rows that cannot be used are counted and left out, where else the first ends the reading
 * @param duplicates  what a second vote of a labeler on a task means
 * @param abstentions labels that mean no vote, such as {@code -1} or {@code abstain}
 * @param question    which question of an export with several is meant; empty if there is one
 */
public record ReadSettings(
        Map<String, String> columns, boolean skipBad, Duplicates duplicates, Set<String> abstentions, String question) {

    /** What a second vote of a labeler on a task means. */
    public enum Duplicates {
        /** The file is wrong. */
        ERROR,
        /** The first counts. */
        FIRST,
        /** The last by its timestamp counts, or without timestamps the last in the file. */
        LAST
    }

    /** Checks the roles. */
    public ReadSettings {
        columns = Map.copyOf(columns);
        abstentions = Set.copyOf(abstentions);
        for (String role : columns.keySet()) {
            Row.field(role);
        }
    }

    /** Usual names, no bad row, no duplicate, no label that means abstention. */
    public static ReadSettings defaults() {
        return new ReadSettings(Map.of(), false, Duplicates.ERROR, Set.of(), "");
    }

    /** With bad rows left out. */
    public ReadSettings withSkipBad(boolean value) {
        return new ReadSettings(columns, value, duplicates, abstentions, question);
    }

    /** With names of columns. */
    public ReadSettings withColumns(Map<String, String> value) {
        return new ReadSettings(value, skipBad, duplicates, abstentions, question);
    }

    /** With a rule for duplicates. */
    public ReadSettings withDuplicates(Duplicates value) {
        return new ReadSettings(columns, skipBad, value, abstentions, question);
    }

    /** With labels that mean no vote. */
    public ReadSettings withAbstentions(Set<String> value) {
        return new ReadSettings(columns, skipBad, duplicates, value, question);
    }

    /** With a question. */
    public ReadSettings withQuestion(String value) {
        return new ReadSettings(columns, skipBad, duplicates, abstentions, value);
    }
}
