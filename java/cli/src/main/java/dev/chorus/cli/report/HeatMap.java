package dev.chorus.cli.report;

import java.util.List;

/**
 * A square of cells whose depth of colour is a value: blue above 0, orange below, none at 0. Its columns carry numbers, its rows
 * numbers and names, so that names stay readable and the map square.
 */
final class HeatMap {
    private static final double CHARACTER = 6.4;
    private static final int LONGEST_NAME = 18;

    /** Beyond this depth text is read better in the colour of the paper. */
    private static final double DEEP = 0.5;

    private HeatMap() {}

    /** The value of a cell. */
    @FunctionalInterface
    interface Values {
        /** From -1 to 1; NaN for none. */
        double at(int row, int column);
    }

    /**
     * A run of rows and columns that belong together, drawn with an outline.
     *
     * @param from first
     * @param size how many
     */
    record Block(int from, int size) {}

    /** Writes the map at its natural size, for a box that scrolls. */
    static void draw(
            Markup out,
            String id,
            String title,
            String description,
            List<String> names,
            double side,
            boolean written,
            List<Block> blocks,
            Values values) {
        int n = names.size();
        int longest = names.stream()
                .mapToInt(name -> Math.min(LONGEST_NAME, name.length()))
                .max()
                .orElse(0);
        double left = CHARACTER * (longest + String.valueOf(n).length() + 1) + 8;
        double top = 18;
        double width = left + n * side + 2;
        double height = top + n * side + 2;
        out.open(
                "svg",
                "class",
                "heat-map",
                "width",
                Svg.number(width),
                "height",
                Svg.number(height),
                "viewBox",
                "0 0 " + Svg.number(width) + " " + Svg.number(height),
                "role",
                "img",
                "aria-labelledby",
                id + "-title " + id + "-desc");
        out.element("title", title, "id", id + "-title");
        out.element("desc", description, "id", id + "-desc");
        for (int i = 0; i < n; i++) {
            double middle = top + (i + 0.5) * side;
            Svg.text(out, "tick", left - 6, middle + 4, "end", (i + 1) + " " + shortened(names.get(i)));
            Svg.text(out, "tick", left + (i + 0.5) * side, top - 6, "middle", String.valueOf(i + 1));
            for (int j = 0; j < n; j++) {
                cell(out, left + j * side, top + i * side, side, values.at(i, j), written);
            }
        }
        for (Block block : blocks) {
            out.empty(
                    "rect",
                    "class",
                    "outline",
                    "x",
                    Svg.number(left + block.from() * side),
                    "y",
                    Svg.number(top + block.from() * side),
                    "width",
                    Svg.number(block.size() * side),
                    "height",
                    Svg.number(block.size() * side));
        }
        out.close();
    }

    private static void cell(Markup out, double x, double y, double side, double value, boolean written) {
        boolean none = Double.isNaN(value);
        out.empty(
                "rect",
                "class",
                none ? "cell-none" : value < 0 ? "cell-below" : "cell-above",
                "x",
                Svg.number(x + 0.5),
                "y",
                Svg.number(y + 0.5),
                "width",
                Svg.number(side - 1),
                "height",
                Svg.number(side - 1),
                "fill-opacity",
                none ? null : Svg.number(Math.min(1, Math.abs(value))));
        if (written && !none) {
            String css = Math.abs(value) > DEEP ? "cell-text deep" : "cell-text";
            Svg.text(out, css, x + side / 2, y + side / 2 + 4, "middle", Numbers.fixed(value, 2));
        }
    }

    static String shortened(String name) {
        return name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME - 1) + "\u2026";
    }
}
