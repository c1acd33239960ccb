package dev.chorus.text.check;

/**
 * What can be seen of a regular expression without running it, in Oniguruma's syntax: whether it can match nothing, on which the
 * native library fails, and whether one repetition stands in another, which can take it for ever, or beyond its limit of
 * tries, where it ends the process.
 */
final class PatternShape {
    private static final int LONGEST = 20_000;
    private static final int DEEPEST = 50;
    private static final long LARGEST = 100_000;

    private final String pattern;
    private int at;

    private PatternShape(String pattern) {
        this.pattern = pattern;
    }

    /**
     * A piece of a pattern.
     *
     * @param empty  whether it can match nothing
     * @param varies whether it can match one text in several ways: it repeats, or has alternatives
     * @param size   characters that it comes to when counted repetitions are written out
     */
    private record Shape(boolean empty, boolean varies, long size) {}

    /** Why a pattern cannot be used. */
    private static final class Refusal extends Exception {
        private static final long serialVersionUID = 1L;

        Refusal(String message) {
            super(message);
        }
    }

    /** Why it should not be run, or an empty text. */
    static String problem(String pattern) {
        if (pattern.isEmpty()) {
            return "an empty pattern, which the tokenizer library cannot search for";
        }
        if (pattern.length() > LONGEST) {
            return "a pattern of " + pattern.length() + " characters, at most " + LONGEST + " are possible";
        }
        try {
            PatternShape shape = new PatternShape(pattern);
            Shape whole = shape.alternatives(0);
            if (shape.at < pattern.length()) {
                return "a closing parenthesis without an opening one";
            }
            return whole.empty()
                    ? "a pattern that can match nothing, which the tokenizer library cannot search for"
                    : "";
        } catch (Refusal e) {
            return e.getMessage();
        }
    }

    private Shape alternatives(int depth) throws Refusal {
        if (depth > DEEPEST) {
            throw new Refusal("groups nested more than " + DEEPEST + " deep");
        }
        Shape all = sequence(depth);
        while (at < pattern.length() && pattern.charAt(at) == '|') {
            at++;
            Shape next = sequence(depth);
            all = new Shape(all.empty() || next.empty(), true, limited(all.size() + next.size()));
        }
        return all;
    }

    private Shape sequence(int depth) throws Refusal {
        Shape all = new Shape(true, false, 0);
        while (at < pattern.length() && pattern.charAt(at) != '|' && pattern.charAt(at) != ')') {
            Shape next = repeated(atom(depth));
            all = new Shape(
                    all.empty() && next.empty(), all.varies() || next.varies(), limited(all.size() + next.size()));
        }
        return all;
    }

    private Shape repeated(Shape atom) throws Refusal {
        Shape shape = atom;
        boolean counted = false;
        boolean first = true;
        while (at < pattern.length()) {
            char c = pattern.charAt(at);
            if (!first && !counted && (c == '?' || c == '+')) {
                // Lazy or possessive: the same matches, in another order or without going back.
                at++;
                return shape;
            }
            if (!first && c == '?') {
                at++;
                return shape;
            }
            long least = c == '+' ? 1 : 0;
            long most = c == '?' ? 1 : Long.MAX_VALUE;
            if (c == '{') {
                long[] range = range();
                if (range == null) {
                    return shape;
                }
                least = range[0];
                most = range[1];
                counted = true;
            } else if (c == '*' || c == '+' || c == '?') {
                at++;
                counted = false;
            } else {
                return shape;
            }
            if (most > 1 && shape.varies()) {
                throw new Refusal(
                        "one repetition (or a choice) inside another repetition, which may never come to an end; "
                                + "write it without the inner one, such as a class of characters");
            }
            long written = most == Long.MAX_VALUE ? Math.max(1, least) : Math.max(1, most);
            shape = new Shape(
                    shape.empty() || least == 0,
                    shape.varies() || least != most,
                    limited(Math.max(1, shape.size()) * written));
            first = false;
        }
        return shape;
    }

    /** A counted repetition, whose closing brace has then been read; null if the brace is a character. */
    private long[] range() throws Refusal {
        int end = pattern.indexOf('}', at);
        String inside = end < 0 ? "" : pattern.substring(at + 1, end);
        if (!inside.matches("[0-9]{1,9}(,[0-9]{0,9})?|,[0-9]{1,9}")) {
            return null;
        }
        String[] ends = inside.split(",", -1);
        long least = ends[0].isEmpty() ? 0 : Long.parseLong(ends[0]);
        long most = ends.length == 1 ? least : ends[1].isEmpty() ? Long.MAX_VALUE : Long.parseLong(ends[1]);
        if (least > LARGEST || (most != Long.MAX_VALUE && most > LARGEST)) {
            throw new Refusal("a repetition {" + inside + "}, at most " + LARGEST + " are possible");
        }
        at = end + 1;
        return new long[] {least, most};
    }

    private Shape atom(int depth) throws Refusal {
        char c = pattern.charAt(at);
        return switch (c) {
            case '(' -> group(depth);
            case '[' -> {
                characterClass(0);
                yield one();
            }
            case '\\' -> escape();
            case '^', '$' -> {
                at++;
                yield nothing();
            }
            case '*', '+', '?' -> throw new Refusal("a repetition of nothing");
            case '{' -> {
                // A brace that begins a count has nothing in front to repeat.
                if (range() != null) {
                    throw new Refusal("a repetition of nothing");
                }
                at++;
                yield one();
            }
            default -> {
                at += Character.charCount(pattern.codePointAt(at));
                yield one();
            }
        };
    }

    private Shape group(int depth) throws Refusal {
        at++;
        boolean looks = false;
        if (begins("*")) {
            throw new Refusal("a callout, which is not supported");
        }
        if (begins("?")) {
            at++;
            if (begins("#")) {
                int end = pattern.indexOf(')', at);
                if (end < 0) {
                    throw new Refusal("a comment without an end");
                }
                at = end + 1;
                return nothing();
            }
            looks = begins("=") || begins("!") || begins("<=") || begins("<!");
            if (looks) {
                at += begins("<") ? 2 : 1;
            } else if (begins(":") || begins(">")) {
                at++;
            } else if (begins("<") || begins("'")) {
                int end = pattern.indexOf(begins("<") ? '>' : '\'', at + 1);
                if (end < 0) {
                    throw new Refusal("a group's name without an end");
                }
                at = end + 1;
            } else if (flags()) {
                // Flags for the rest of the group around it.
                return nothing();
            }
        }
        Shape inside = alternatives(depth + 1);
        if (!begins(")")) {
            throw new Refusal("a group without an end");
        }
        at++;
        return looks ? new Shape(true, false, inside.size()) : inside;
    }

    /** Reads flags such as {@code i} or {@code m-s}; true if the group ends with them. */
    private boolean flags() throws Refusal {
        while (at < pattern.length() && "ims-".indexOf(pattern.charAt(at)) >= 0) {
            at++;
        }
        if (begins(":")) {
            at++;
            return false;
        }
        if (begins(")")) {
            at++;
            return true;
        }
        throw new Refusal(
                "a group (?" + (at < pattern.length() ? pattern.charAt(at) : "") + "…), which is not supported");
    }

    private void characterClass(int depth) throws Refusal {
        if (depth > DEEPEST) {
            throw new Refusal("classes nested more than " + DEEPEST + " deep");
        }
        at++;
        if (begins("^")) {
            at++;
        }
        boolean first = true;
        while (at < pattern.length()) {
            char c = pattern.charAt(at);
            if (c == ']' && !first) {
                at++;
                return;
            }
            if (c == '[' && pattern.startsWith("[:", at) && pattern.indexOf(":]", at) > 0) {
                at = pattern.indexOf(":]", at) + 2;
            } else if (c == '[') {
                characterClass(depth + 1);
            } else if (c == '\\') {
                at += 2;
            } else {
                at++;
            }
            first = false;
        }
        throw new Refusal("a class of characters without an end");
    }

    private Shape escape() throws Refusal {
        if (at + 1 >= pattern.length()) {
            throw new Refusal("a backslash at its end");
        }
        char c = pattern.charAt(at + 1);
        if ((c >= '1' && c <= '9') || c == 'k' || c == 'g') {
            throw new Refusal("a reference to a group (\\" + c + "), which is not supported");
        }
        at++;
        if ("pPx".indexOf(c) >= 0 && pattern.startsWith("{", at + 1)) {
            int end = pattern.indexOf('}', at);
            if (end < 0) {
                throw new Refusal("\\" + c + "{ without an end");
            }
            at = end + 1;
        } else {
            at += Character.charCount(pattern.codePointAt(at));
        }
        return "bBAZzGKyY".indexOf(c) >= 0 ? nothing() : one();
    }

    private boolean begins(String text) {
        return pattern.startsWith(text, at);
    }

    private static Shape one() {
        return new Shape(false, false, 1);
    }

    private static Shape nothing() {
        return new Shape(true, false, 1);
    }

    private static long limited(long size) throws Refusal {
        if (size > LARGEST) {
            throw new Refusal("counted repetitions of more than " + LARGEST + " characters");
        }
        return size;
    }
}
