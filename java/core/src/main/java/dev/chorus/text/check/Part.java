package dev.chorus.text.check;

import com.fasterxml.jackson.databind.JsonNode;
import dev.chorus.text.Shown;
import dev.chorus.text.TokenizerException;
import java.util.ArrayList;
import java.util.List;

/**
 * A value of a tokenizer's file with its place in it, so that every complaint names both.
 *
 * @param file what messages call the file
 * @param path such as {@code normalizer.normalizers[2]}; empty for the whole
 * @param node the value, missing if it is not there
 */
record Part(String file, String path, JsonNode node) {
    /** Ids beyond this one belong to no vocabulary there is. */
    static final int MOST_ID = 1 << 28;

    /** A value of this object. */
    Part at(String key) {
        return new Part(file, path.isEmpty() ? key : path + "." + key, node.path(key));
    }

    /** Whether there is a value besides null. */
    boolean given() {
        return !node.isMissingNode() && !node.isNull();
    }

    /** A complaint. */
    TokenizerException problem(String what) {
        return new TokenizerException(file, (path.isEmpty() ? "" : Shown.plain(path) + ": ") + what);
    }

    /** The entries of a list. */
    List<Part> list(int most) {
        if (!node.isArray()) {
            throw expected("a list");
        }
        if (node.size() > most) {
            throw problem("a list of " + node.size() + ", at most " + most + " are possible");
        }
        List<Part> parts = new ArrayList<>(node.size());
        for (int i = 0; i < node.size(); i++) {
            parts.add(new Part(file, path + "[" + i + "]", node.get(i)));
        }
        return parts;
    }

    /** This value, which must be an object. */
    Part object() {
        if (!node.isObject()) {
            throw expected("an object");
        }
        return this;
    }

    String text() {
        if (!node.isTextual()) {
            throw expected("a text");
        }
        return node.textValue();
    }

    /** True or false; {@code missing} if there is none. */
    boolean flag(boolean missing) {
        if (!given()) {
            return missing;
        }
        if (!node.isBoolean()) {
            throw expected("true or false");
        }
        return node.booleanValue();
    }

    /** A whole number from {@code least} to {@code most}. */
    int number(int least, int most) {
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < least || node.intValue() > most) {
            throw expected("a whole number from " + least + " to " + most);
        }
        return node.intValue();
    }

    int id() {
        return number(0, MOST_ID);
    }

    TokenizerException expected(String what) {
        return problem("expected " + what + ", got " + (node.isMissingNode() ? "nothing" : Shown.value(node)));
    }
}
