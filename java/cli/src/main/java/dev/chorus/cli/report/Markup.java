package dev.chorus.cli.report;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Writes HTML and SVG that is well-formed XML too: tags are balanced by construction, and all text is escaped.
 *
 * <p>Attributes are given as name, value, name, value; a null value leaves the attribute out.
 */
final class Markup {
    private static final Set<String> VOID = Set.of("br", "hr", "meta", "link", "img", "col", "wbr");
    private static final Set<String> SHAPES = Set.of("line", "rect", "circle", "path", "polyline", "polygon");
    private static final Pattern NAME = Pattern.compile("[a-zA-Z][a-zA-Z0-9-]*");

    private final StringBuilder out = new StringBuilder();
    private final Deque<String> open = new ArrayDeque<>();

    /** Opens {@code tag}; {@link #close()} closes it. */
    Markup open(String tag, Object... attributes) {
        start(tag, attributes);
        out.append('>');
        open.push(tag);
        return this;
    }

    /** Closes what was opened last. */
    Markup close() {
        String tag = open.pop();
        out.append("</").append(tag).append('>');
        if (isBlock(tag)) {
            out.append('\n');
        }
        return this;
    }

    /** An element without content: a void HTML element or an SVG shape. */
    Markup empty(String tag, Object... attributes) {
        if (!VOID.contains(tag) && !SHAPES.contains(tag)) {
            // A browser would take <p/> for an open tag and swallow what follows.
            throw new IllegalArgumentException("<" + tag + "/> is not a void element; use open() and close()");
        }
        start(tag, attributes);
        out.append("/>");
        return this;
    }

    /** An element that holds text only. */
    Markup element(String tag, String text, Object... attributes) {
        return open(tag, attributes).text(text).close();
    }

    /** Text, escaped. */
    Markup text(String text) {
        out.append(Escape.escape(text));
        return this;
    }

    /** Everything that another writer holds. */
    Markup add(Markup other) {
        out.append(other);
        return this;
    }

    /** Content that is no markup for the parser to read, such as a style sheet of our own. */
    Markup trusted(String content) {
        out.append(content);
        return this;
    }

    /** The markup; every element must be closed. */
    @Override
    public String toString() {
        if (!open.isEmpty()) {
            throw new IllegalStateException("not closed: " + open);
        }
        return out.toString();
    }

    private void start(String tag, Object... attributes) {
        if (attributes.length % 2 != 0) {
            throw new IllegalArgumentException("attributes of <" + tag + "> must come in pairs of name and value");
        }
        out.append('<').append(tag);
        for (int i = 0; i < attributes.length; i += 2) {
            String name = (String) attributes[i];
            if (!NAME.matcher(name).matches()) {
                throw new IllegalArgumentException("'" + name + "' is no attribute name");
            }
            if (attributes[i + 1] != null) {
                out.append(' ').append(name).append("=\"");
                out.append(Escape.escape(attributes[i + 1].toString())).append('"');
            }
        }
    }

    private static boolean isBlock(String tag) {
        return switch (tag) {
            case "span", "bdi", "strong", "em", "code", "th", "td", "text", "title", "desc", "dt", "a", "b" -> false;
            default -> true;
        };
    }
}
