package dev.chorus.cli.report;

import dev.chorus.results.Results.Interval;

/** What the charts that run across the page have in common: the axis below and the line of text above each row. */
final class Charts {
    private Charts() {}

    /**
     * The strip that a row's marks lie on, with the axis's hairlines. Lines stay inside strips, so that none runs through
     * text.
     */
    static void track(Markup out, Scale x, double top, double height) {
        out.empty(
                "rect",
                "class",
                "track",
                "x",
                "0",
                "y",
                Svg.number(top),
                "width",
                "100%",
                "height",
                Svg.number(height),
                "rx",
                "2");
        for (double tick : x.ticks()) {
            Svg.line(out, "grid", x.percent(tick), top, x.percent(tick), top + height);
        }
    }

    /** The values of the hairlines, below {@code bottom}. */
    static void axis(Markup out, Scale x, double bottom) {
        for (double tick : x.ticks()) {
            String anchor = x.at(tick) < 5 ? "start" : x.at(tick) > 95 ? "end" : "middle";
            String position = anchor.equals("middle") ? x.percent(tick) : anchor.equals("start") ? "0" : "100%";
            Svg.text(out, "tick", position, bottom + 16, anchor, Numbers.fixed(tick, x.digits()));
        }
    }

    /** A name on the left, its value on the right; the interval steps back on a narrow screen. */
    static void label(Markup out, String name, Interval value, int digits, double y) {
        Svg.text(out, "name", "0", y, "start", name);
        value(out, value, digits, y);
    }

    /** The value on the right alone. */
    static void value(Markup out, Interval value, int digits, double y) {
        out.open("text", "class", "value", "x", "100%", "y", Svg.number(y), "text-anchor", "end");
        out.element("tspan", Numbers.mean(value, digits), "class", "mean");
        String bounds = Numbers.bounds(value, digits);
        if (!bounds.isEmpty()) {
            out.element("tspan", " " + bounds, "class", "bounds");
        }
        out.close();
    }
}
