package dev.chorus.cli.lines;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * One line of a file.
 *
 * @param number from 1
 * @param fields all of them, in the order of the file
 */
public record JsonLine(int number, ObjectNode fields) {
    /** The text of a field that was asked for when the file was read. */
    public String text(String key) {
        return fields.get(key).textValue();
    }

    /** A copy of the fields, to add results to. */
    public ObjectNode copy() {
        return fields.deepCopy();
    }
}
