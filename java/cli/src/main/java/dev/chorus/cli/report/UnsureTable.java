package dev.chorus.cli.report;

import dev.chorus.results.Results.Model;
import dev.chorus.results.Results.Unsure;
import java.util.List;

/** The weak labels that the ensemble is least sure of: sentence, every vote, what came of it, and the hidden gold answer. */
final class UnsureTable {
    private static final int SHOWN = 20;

    private UnsureTable() {}

    /** How many of the labels {@link #draw} shows. */
    static int shown(TaskView view) {
        return Math.min(SHOWN, view.task().unsure().size());
    }

    /** Writes the table in a scrolling box. */
    static void draw(TaskView view, Markup out) {
        List<Unsure> rows = view.task().unsure().subList(0, shown(view));
        List<Model> weak = view.weak();
        int votes = rows.stream().mapToInt(u -> u.votes().size()).max().orElse(0);
        String title = "Least sure weak labels of " + view.task().title();
        out.open("div", "class", "scroll", "role", "region", "tabindex", "0", "aria-label", title);
        out.open("table", "class", "unsure");
        out.element("caption", title, "class", "unseen");
        out.open("thead").open("tr");
        out.element("th", "Sentence", "scope", "col");
        out.element("th", "Entropy", "scope", "col", "class", "number");
        out.element("th", "Gold", "scope", "col");
        out.element("th", "Ensemble", "scope", "col");
        for (int i = 0; i < votes; i++) {
            out.element("th", i < weak.size() ? weak.get(i).title() : "Vote " + (i + 1), "scope", "col");
        }
        out.close().close().open("tbody");
        for (Unsure row : rows) {
            out.open("tr").element("th", row.text(), "scope", "row", "class", "sentence", "dir", "auto");
            out.element("td", Numbers.fixed(row.uncertainty(), 2), "class", "number");
            out.open("td", "class", "gold");
            answer(out, row.gold());
            out.close();
            vote(out, row.aggregate(), row.gold(), "aggregate");
            for (int i = 0; i < votes; i++) {
                vote(out, i < row.votes().size() ? row.votes().get(i) : "", row.gold(), "vote");
            }
            out.close();
        }
        out.close().close().close();
    }

    private static void vote(Markup out, String vote, String gold, String css) {
        boolean right = vote.equals(gold);
        out.open("td", "class", right ? css + " right" : css);
        answer(out, vote);
        if (right) {
            out.element("span", " (right)", "class", "unseen");
        }
        out.close();
    }

    /** An empty answer is an answer: no slot. */
    private static void answer(Markup out, String text) {
        if (text == null || text.isEmpty()) {
            out.element("span", "nothing", "class", "undefined");
        } else {
            out.element("bdi", text);
        }
    }
}
