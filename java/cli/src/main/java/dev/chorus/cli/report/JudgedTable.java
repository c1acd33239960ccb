package dev.chorus.cli.report;

import dev.chorus.results.Results.Judged;
import java.util.List;

/** How good the weak models are on items with gold labels that they were not taught, and how much they repeat each other. */
final class JudgedTable {
    private JudgedTable() {}

    /** Whether there is anything to show. */
    static boolean isEmpty(TaskView view) {
        return view.task().judged().isEmpty();
    }

    /** Writes the table in a scrolling box, one row a seed. */
    static void draw(TaskView view, Markup out) {
        List<Judged> rows = view.task().judged();
        String title = "Judged weak models of " + view.task().title();
        out.open("div", "class", "scroll", "role", "region", "tabindex", "0", "aria-label", title);
        out.open("table");
        out.element("caption", title, "class", "unseen");
        out.open("thead").open("tr");
        out.element("th", "Seed", "scope", "col");
        for (String model : rows.get(0).models()) {
            out.element("th", model, "scope", "col", "class", "number");
        }
        out.element("th", "Items", "scope", "col", "class", "number");
        out.element("th", "Error correlation", "scope", "col", "class", "number");
        out.element("th", "Worth independent models", "scope", "col", "class", "number");
        out.close().close().open("tbody");
        for (Judged row : rows) {
            out.open("tr").element("th", Long.toString(row.seed()), "scope", "row");
            for (Double quality : row.quality()) {
                out.element("td", Numbers.fixed(quality, 3), "class", "number");
            }
            out.element("td", Numbers.count(row.items()), "class", "number");
            out.element("td", Numbers.fixed(row.errorCorrelation(), 2), "class", "number");
            out.element("td", Numbers.fixed(row.effectiveLabelers(), 1), "class", "number");
            out.close();
        }
        out.close().close().close();
    }
}
