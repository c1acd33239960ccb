package dev.chorus.cli.report;

/** What small multiples have in common. */
final class Tiles {
    private Tiles() {}

    /** The line above a tile: whose it is, and the one number that sums it up. */
    static void caption(Markup out, String name, String number) {
        out.open("p", "class", "tile-caption");
        out.element("span", name, "class", "tile-name");
        if (!number.isEmpty()) {
            out.text(" ").element("span", number, "class", "tile-number");
        }
        out.close();
    }

    /** An id that may stand in an attribute which is a list of ids. */
    static String slug(String id) {
        return id.replaceAll("[^A-Za-z0-9_-]", "-");
    }
}
