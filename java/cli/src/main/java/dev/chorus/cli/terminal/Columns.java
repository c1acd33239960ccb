package dev.chorus.cli.terminal;

/**
 * How wide text is on a terminal: letters of East Asian scripts and emoji take two columns, combining marks none. An approximation
 * of Unicode's East_Asian_Width by blocks, which is what terminals agree on.
 */
public final class Columns {
    /** First and last code point of blocks. Of Hangul's single consonants the leading ones: what follows is joined to them. */
    private static final int[][] WIDE = {
        {0x1100, 0x115F},
        {0x2E80, 0x303E},
        {0x3041, 0xA4CF},
        {0xA960, 0xA97F},
        {0xAC00, 0xD7A3},
        {0xF900, 0xFAFF},
        {0xFE30, 0xFE6F},
        {0xFF00, 0xFF60},
        {0xFFE0, 0xFFE6},
        {0x1F300, 0x1F64F},
        {0x1F680, 0x1F6FF},
        {0x1F900, 0x1F9FF},
        {0x1FA70, 0x1FAFF},
        {0x20000, 0x3FFFD}
    };

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
        if (text.charAt(at) == '/') {
            return at + 1 < text.length() && Character.isLetter(text.charAt(at + 1));
        }
        return text.charAt(at) == ' ';
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
        for (int[] block : WIDE) {
            if (c >= block[0] && c <= block[1]) {
                return true;
            }
        }
        return false;
    }
}
