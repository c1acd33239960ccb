package dev.chorus.cli.report;

import dev.chorus.results.Results.Interval;
import java.util.Locale;

/** How numbers are written for people, the same in the page and on the terminal; undefined is a word, never a zero. */
final class Numbers {
    /** What stands where a metric has no value. */
    static final String UNDEFINED = "undefined";

    private Numbers() {}

    /** Whether there is a value to show. */
    static boolean defined(Interval interval) {
        return interval != null && finite(interval.mean());
    }

    /** Whether there is an interval to show beside the value. */
    static boolean bounded(Interval interval) {
        return defined(interval) && finite(interval.low()) && finite(interval.high());
    }

    /** A value with a true minus sign, such as 0.612 or −0.05. */
    static String fixed(Double value, int digits) {
        return ascii(value, digits).replace('-', '\u2212');
    }

    /** The same with a hyphen for a minus sign. */
    static String ascii(Double value, int digits) {
        if (!finite(value)) {
            return UNDEFINED;
        }
        String text = String.format(Locale.ROOT, "%." + digits + "f", value);
        return text.matches("-0(\\.0*)?") ? text.substring(1) : text;
    }

    /** A mean as in "0.612", or "undefined". */
    static String mean(Interval interval, int digits) {
        return defined(interval) ? fixed(interval.mean(), digits) : UNDEFINED;
    }

    /** An interval as in "[0.598, 0.626]", which no line break parts; empty where there is none. */
    static String bounds(Interval interval, int digits) {
        return bounded(interval)
                ? "[" + fixed(interval.low(), digits) + ",\u00a0" + fixed(interval.high(), digits) + "]"
                : "";
    }

    /** Mean and interval, such as "0.612 [0.598, 0.626]". */
    static String full(Interval interval, int digits) {
        String bounds = bounds(interval, digits);
        return bounds.isEmpty() ? mean(interval, digits) : mean(interval, digits) + "\u00a0" + bounds;
    }

    /** A whole number with thousands apart: 2,974. */
    static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    /** A large number in three digits or so: 870, 48.2 k, 2.21 M. */
    static String compact(long value) {
        if (value < 1_000) {
            return Long.toString(value);
        }
        return value < 999_500
                ? three(value / 1e3) + " k"
                : value < 999_500_000 ? three(value / 1e6) + " M" : three(value / 1e9) + " G";
    }

    /** Bytes in binary units: 2.13 GiB. */
    static String bytes(long bytes) {
        if (bytes < 1024L * 1024) {
            return three(bytes / 1024.0) + " KiB";
        }
        return bytes < 1024L * 1024 * 1024
                ? three(bytes / (1024.0 * 1024)) + " MiB"
                : three(bytes / (1024.0 * 1024 * 1024)) + " GiB";
    }

    /** A length of time: 4.2 s, 1 min 20 s, 2 h 5 min. */
    static String duration(double seconds) {
        if (!(seconds >= 0)) {
            return UNDEFINED;
        }
        if (seconds < 9.95) {
            return String.format(Locale.ROOT, "%.1f s", seconds);
        }
        long whole = Math.round(seconds);
        if (whole < 60) {
            return whole + " s";
        }
        return whole < 3600
                ? whole / 60 + " min" + (whole % 60 == 0 ? "" : " " + whole % 60 + " s")
                : whole / 3600 + " h" + (whole % 3600 < 60 ? "" : " " + whole % 3600 / 60 + " min");
    }

    /** "1 seed", "5 seeds". */
    static String plural(long n, String one) {
        return count(n) + " " + one + (n == 1 ? "" : "s");
    }

    static boolean finite(Double value) {
        return value != null && Double.isFinite(value);
    }

    private static String three(double value) {
        return String.format(Locale.ROOT, value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f", value);
    }
}
