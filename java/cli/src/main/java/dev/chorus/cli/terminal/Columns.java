package dev.chorus.cli.terminal;

/**
 * How wide text is on a terminal: letters of East Asian scripts and emoji take two columns, combining marks none. An approximation
 * of Unicode's East_Asian_Width by blocks, which is what terminals agree on.
 */
public final class Columns {
    private Columns() {}

    /** Columns that a text takes. */
    public static int of(String text) {
        return text.codePoints().map(Columns::of).sum();
    }

    /**
     * The beginning of a text that fits, cut between two words or the parts of a path, or between two letters where not even the
     * first word fits.
     *
     * @param columns at most this wide
     */
    public static String cut(String text, int columns) {
        int width = 0;
        int at = 0;
        int lastBreak = -1;
        while (at < text.length()) {
            int c = text.codePointAt(at);
            if (width + of(c) > columns) {
                return text.substring(0, isBreak(text, at) || lastBreak <= 0 ? at : lastBreak)
                        .stripTrailing();
            }
            if (isBreak(text, at)) {
                lastBreak = at;
            }
            width += of(c);
            at += Character.charCount(c);
        }
        return text;
    }

    /** Whether a word ends before this place; "3/12" is one. */
    private static boolean isBreak(String text, int at) {
        return text.charAt(at) == ' '
                || text.charAt(at) == '/' && at + 1 < text.length() && Character.isLetter(text.charAt(at + 1));
    }

    private static int of(int c) {
        if (c < 0x300) {
            return c == 0xAD ? 0 : 1;
        }
        return switch (Character.getType(c)) {
            case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.FORMAT -> 0;
            default -> c >= 0x1160 && c <= 0x11FF ? 0 : isWide(c) ? 2 : 1;
        };
    }

    private static boolean isWide(int c) {
        return c >= 0x1100 && c <= 0x115F // Hangul's leading consonants; what follows them is joined to them.
                || c >= 0x2E80 && c <= 0x303E
                || c >= 0x3041 && c <= 0xA4CF
                || c >= 0xA960 && c <= 0xA97F
                || c >= 0xAC00 && c <= 0xD7A3
                || c >= 0xF900 && c <= 0xFAFF
                || c >= 0xFE30 && c <= 0xFE6F
                || c >= 0xFF00 && c <= 0xFF60
                || c >= 0xFFE0 && c <= 0xFFE6
                || c >= 0x1F300 && c <= 0x1F64F
                || c >= 0x1F680 && c <= 0x1F6FF
                || c >= 0x1F900 && c <= 0x1F9FF
                || c >= 0x1FA70 && c <= 0x1FAFF
                || c >= 0x20000 && c <= 0x3FFFD;
    }
}
