package dev.chorus.text;

import java.util.Collection;
import java.util.stream.Collectors;

/**
 * What a message shows of a stranger's file: few names, short values, and no character that would change the terminal it is
 * printed on.
 */
public final class Shown {
    private static final int NAMES = 10;
    private static final int LONGEST_NAME = 200;
    private static final int LONGEST_VALUE = 60;
    private static final int LONGEST_MESSAGE = 2000;

    private Shown() {}

    /** At most ten names in the order given, and how many more there are: {@code [a, b]} or {@code [a, … and 90 more]}. */
    public static String names(Collection<String> names) {
        return "[" + list(names) + "]";
    }

    /** The same without brackets. */
    public static String list(Collection<String> names) {
        String first = names.stream()
                .limit(NAMES)
                .map(name -> plain(cut(name, LONGEST_NAME)))
                .collect(Collectors.joining(", "));
        return first + (names.size() > NAMES ? ", … and " + (names.size() - NAMES) + " more" : "");
    }

    /** The beginning of a value. */
    public static String value(Object value) {
        return plain(cut(String.valueOf(value), LONGEST_VALUE));
    }

    /**
     * A text on one line, with control characters (escape sequences of a terminal among them) and marks that turn the direction
     * of writing written as {@code \}{@code u001b}.
     */
    public static String plain(String text) {
        return Visible.line(text);
    }

    /**
     * A whole message, on one line and of bounded length: what is named in it may be as long as a stranger liked. What is too
     * much goes from its middle, as the cure stands at its end.
     */
    public static String message(String text) {
        int rest = LONGEST_MESSAGE / 2;
        if (text.length() <= LONGEST_MESSAGE) {
            return plain(text);
        }
        return plain(cut(text, rest)) + " … " + plain(text.substring(text.length() - rest));
    }

    private static String cut(String text, int most) {
        if (text.length() <= most) {
            return text;
        }
        // Half a character would be a replacement mark on the terminal.
        int end = Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most;
        return text.substring(0, end) + "…";
    }
}
