package dev.chorus.cli.report;

import java.util.Locale;

/** The pieces that every chart is made of. Positions are user units or strings such as "42.5%". */
final class Svg {
    private Svg() {}

    /**
     * Opens a chart as wide as its box and {@code height} pixels high. Positions across are per cent, so text keeps its size
     * on a narrow screen.
     */
    static void openFluid(Markup out, String id, double height, String title, String description) {
        out.open(
                "svg",
                "class",
                "fluid",
                "width",
                "100%",
                "height",
                number(height),
                "role",
                "img",
                "aria-labelledby",
                id + "-title " + id + "-desc");
        describe(out, id, title, description);
    }

    /** Opens a small chart of {@code width} by {@code height} units that is scaled as a whole. */
    static void openTile(Markup out, String id, double width, double height, String title, String description) {
        out.open(
                "svg",
                "class",
                "tile",
                "viewBox",
                "0 0 " + number(width) + " " + number(height),
                "role",
                "img",
                "aria-labelledby",
                id + "-title " + id + "-desc");
        describe(out, id, title, description);
    }

    static void line(Markup out, String css, Object x1, double y1, Object x2, double y2) {
        out.empty("line", "class", css, "x1", at(x1), "y1", number(y1), "x2", at(x2), "y2", number(y2));
    }

    static void dot(Markup out, String css, Object x, double y, double radius) {
        out.empty("circle", "class", css, "cx", at(x), "cy", number(y), "r", number(radius));
    }

    /** {@code anchor} is "start", "middle" or "end". */
    static void text(Markup out, String css, Object x, double y, String anchor, String text) {
        out.element("text", text, "class", css, "x", at(x), "y", number(y), "text-anchor", anchor);
    }

    /** A whisker from low to high with caps; an end beyond the axis has no cap. */
    static void whisker(Markup out, String css, Scale x, double low, double high, double y, double cap) {
        line(out, css, x.percent(low), y, x.percent(high), y);
        for (double end : new double[] {low, high}) {
            if (x.holds(end)) {
                line(out, css, x.percent(end), y - cap, x.percent(end), y + cap);
            }
        }
    }

    /** At most two decimals, and none where there are none. */
    static String number(double value) {
        String text = String.format(Locale.ROOT, "%.2f", value);
        return text.replaceFirst("\\.?0+$", "");
    }

    private static void describe(Markup out, String id, String title, String description) {
        out.element("title", title, "id", id + "-title");
        out.element("desc", description, "id", id + "-desc");
    }

    private static String at(Object position) {
        return position instanceof Number n ? number(n.doubleValue()) : position.toString();
    }
}
