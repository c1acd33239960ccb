package dev.chorus.text;

import java.util.Locale;

/**
 * Makes visible what a terminal would act on or hide: control characters, and with them escape sequences, marks that turn the
 * direction of text, invisible format characters, halves of characters. Text from files can hold any of them.
 */
public final class Visible {
    private static final int ZERO_WIDTH_NON_JOINER = 0x200C;
    private static final int ZERO_WIDTH_JOINER = 0x200D;

    private Visible() {}

    /** Text that may have several lines: line feeds and tabs stay. */
    public static String text(String text) {
        return shown(text, true);
    }

    /** Text that belongs in one line: a line feed is shown too, so that nothing can pass for a line of ours. */
    public static String line(String text) {
        return shown(String.valueOf(text), false);
    }

    private static String shown(String text, boolean lines) {
        if (text.codePoints().noneMatch(c -> isHidden(c, lines))) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(c -> {
            if (isHidden(c, lines)) {
                out.append(name(c));
            } else {
                out.appendCodePoint(c);
            }
        });
        return out.toString();
    }

    private static boolean isHidden(int c, boolean lines) {
        if (c == '\n' || c == '\t') {
            return !lines;
        }
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.SURROGATE, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
                true;
            // Emoji and several scripts are spelled with the two joiners.
            case Character.FORMAT -> c != ZERO_WIDTH_JOINER && c != ZERO_WIDTH_NON_JOINER;
            default -> false;
        };
    }

    /** As JSON and Java write it. */
    private static String name(int c) {
        return switch (c) {
            case '\n' -> "\\n";
            case '\t' -> "\\t";
            case '\r' -> "\\r";
            default -> String.format(Locale.ROOT, c > 0xFFFF ? "\\u{%x}" : "\\u%04x", c);
        };
    }
}
