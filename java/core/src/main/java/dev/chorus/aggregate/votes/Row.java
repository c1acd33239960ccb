package dev.chorus.aggregate.votes;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * One vote as a file has it: UTF-8 bytes of its fields, which a format fills and a sink reads before the next row comes. One
 * object serves a whole file.
 */
final class Row {

    static final int TASK = 0;
    static final int WORKER = 1;
    static final int LABEL = 2;
    static final int PROBABILITY = 3;
    static final int TIMESTAMP = 4;

    static final List<String> ROLES = List.of("task", "worker", "label", "probability", "timestamp");

    /** Other names that people's exports have for the same, by role. */
    static final List<List<String>> USUAL = List.of(
            List.of("task", "item", "task_id", "item_id", "example", "example_id"),
            List.of(
                    "worker",
                    "annotator",
                    "judge",
                    "labeler",
                    "labeller",
                    "worker_id",
                    "annotator_id",
                    "user",
                    "model"),
            List.of("label", "answer", "vote", "choice", "verdict"),
            List.of("probability", "confidence", "score"),
            List.of("timestamp", "time", "created_at"));

    /** Where in the file, from 1. */
    long line;

    /** Whether no byte of the row lies outside ASCII, or its text has been decoded already: there is nothing to check. */
    boolean plain;

    final byte[][] bytes = new byte[ROLES.size()][];
    final int[] from = new int[ROLES.size()];
    final int[] to = new int[ROLES.size()];

    /** The number of a role. */
    static int field(String role) {
        int field = ROLES.indexOf(role);
        if (field < 0) {
            throw new IllegalArgumentException("there is no column role '" + role + "'; there are " + ROLES);
        }
        return field;
    }

    void begin(long at) {
        line = at;
        plain = true;
        for (int f = 0; f < bytes.length; f++) {
            bytes[f] = null;
        }
    }

    void set(int field, byte[] source, int begin, int end) {
        bytes[field] = source;
        from[field] = begin;
        to[field] = end;
    }

    void set(int field, String text) {
        byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
        set(field, encoded, 0, encoded.length);
    }

    /** Whether the field is there and not empty. */
    boolean has(int field) {
        return bytes[field] != null && to[field] > from[field];
    }

    String text(int field) {
        return new String(bytes[field], from[field], to[field] - from[field], StandardCharsets.UTF_8);
    }

    /** Whether a field holds bytes that are no UTF-8. */
    boolean isBroken(int field) {
        if (plain) {
            return false;
        }
        try {
            StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes[field], from[field], to[field] - from[field]));
            return false;
        } catch (CharacterCodingException e) {
            return true;
        }
    }

    /** A number between 0 and 1 or whatever else stands there; NaN for no number. Short decimals without making a string. */
    double number(int field) {
        byte[] source = bytes[field];
        int at = from[field];
        int end = to[field];
        long digits = 0;
        int decimals = -1;
        if (end - at <= 17) {
            int i = at;
            for (; i < end; i++) {
                byte b = source[i];
                if (b >= '0' && b <= '9') {
                    digits = digits * 10 + (b - '0');
                    decimals += decimals >= 0 ? 1 : 0;
                } else if (b == '.' && decimals < 0) {
                    decimals = 0;
                } else {
                    break;
                }
            }
            // Both are exact below 2^53 and 10^22, so that their quotient is the double next to the decimal.
            if (i == end && digits < 1L << 53 && end - at > (decimals >= 0 ? 1 : 0)) {
                return decimals > 0 ? digits / Math.pow(10, decimals) : digits;
            }
        }
        try {
            return Double.parseDouble(text(field));
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }
}
