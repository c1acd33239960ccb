package dev.chorus.cli.report;

import java.util.Locale;

/** Makes any text safe between tags and inside a double-quoted attribute, in HTML and in XML. */
final class Escape {
    private static final char REPLACEMENT = '\uFFFD';

    private Escape() {}

    /**
     * {@code text} with markup characters as entities, characters that no XML document may hold as U+FFFD, and marks that turn the
     * direction of what follows by their names: they would reach into the text around.
     */
    static String escape(String text) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                default -> {
                    if (turns(c)) {
                        out.append(String.format(Locale.ROOT, "[U+%04X]", c));
                    } else {
                        out.appendCodePoint(allowed(c) ? c : REPLACEMENT);
                    }
                }
            }
        });
        return out.toString();
    }

    /** XML 1.0's Char production; a lone surrogate is no character. */
    private static boolean allowed(int c) {
        if (c < 0x20) {
            return c == '\t' || c == '\n' || c == '\r';
        }
        return !(c >= 0xD800 && c <= 0xDFFF) && c != 0xFFFE && c != 0xFFFF;
    }

    /** Unicode's explicit embeddings, overrides, isolates and marks (UAX 9). */
    private static boolean turns(int c) {
        boolean marks = c == 0x200E || c == 0x200F || c == 0x061C;
        return marks || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
    }
}
