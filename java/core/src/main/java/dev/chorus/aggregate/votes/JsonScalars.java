package dev.chorus.aggregate.votes;

import com.fasterxml.jackson.databind.JsonNode;

/** Scalars of a JSON record, as a row of votes takes them. */
final class JsonScalars {
    private JsonScalars() {}

    /** Text of a scalar: a string, a number, true or false; null for anything else. */
    static String scalar(JsonNode node) {
        return node.isValueNode() && !node.isNull() ? node.asText() : null;
    }

    /** Sets a field to a scalar, or leaves it out. */
    static void set(Row row, int field, JsonNode node) {
        String text = scalar(node);
        if (text != null) {
            row.set(field, text);
        }
    }

    /** A node as text, cut to what a message can hold. */
    static String shortened(JsonNode node) {
        String text = node.toString();
        return text.length() <= 60 ? text : text.substring(0, 57) + "...";
    }
}
