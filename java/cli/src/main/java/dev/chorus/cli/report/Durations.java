package dev.chorus.cli.report;

/** How long something takes, in words that fit what is known. */
public final class Durations {
    private Durations() {}

    /** "4.2 s", "1 min 20 s", "2 h 5 min". */
    public static String exact(double seconds) {
        return Numbers.duration(seconds);
    }

    /** An estimate, no finer than it deserves: "about 5 s", "about 1 min 20 s", "about 12 min". */
    public static String about(double seconds) {
        double step = seconds < 10 ? 1 : seconds < 60 ? 5 : seconds < 600 ? 10 : 60;
        double rounded = Math.max(1, Math.rint(seconds / step) * step);
        return "about " + Numbers.duration(rounded).replace(".0 s", " s");
    }
}
