package dev.chorus.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An interval of numbers, written as in mathematics: {@code [1,)}, {@code (0,10)}, {@code [0,0.5)}.
 *
 * @param low      lower end; negative infinity for none
 * @param withLow  whether the lower end belongs to it
 * @param high     upper end; infinity for none
 * @param withHigh whether the upper end belongs to it
 */
record Range(double low, boolean withLow, double high, boolean withHigh) {
    private static final Pattern FORM = Pattern.compile("([\\[(])([^,]*),([^,]*)([\\])])");

    static Range of(String text) {
        Matcher matcher = FORM.matcher(text.replace(" ", ""));
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not an interval: " + text);
        }
        String low = matcher.group(2);
        String high = matcher.group(3);
        return new Range(
                low.isEmpty() ? Double.NEGATIVE_INFINITY : Double.parseDouble(low),
                matcher.group(1).equals("["),
                high.isEmpty() ? Double.POSITIVE_INFINITY : Double.parseDouble(high),
                matcher.group(4).equals("]"));
    }

    boolean holds(double value) {
        return (withLow ? value >= low : value > low) && (withHigh ? value <= high : value < high);
    }

    /** For people: "1 or more", "above 0 and below 10", "from 0 to 1", "0 to below 0.5". */
    String words() {
        if (high == Double.POSITIVE_INFINITY) {
            return withLow ? number(low) + " or more" : "above " + number(low);
        }
        if (low == Double.NEGATIVE_INFINITY) {
            return (withHigh ? "at most " : "below ") + number(high);
        }
        if (withLow && withHigh) {
            return "from " + number(low) + " to " + number(high);
        }
        return withLow
                ? number(low) + " to below " + number(high)
                : "above " + number(low) + (withHigh ? " and at most " : " and below ") + number(high);
    }

    private static String number(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }
}
