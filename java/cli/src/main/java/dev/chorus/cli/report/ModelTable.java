package dev.chorus.cli.report;

import dev.chorus.results.Results.Interval;
import dev.chorus.results.Results.Model;
import java.util.List;

/** The result table of one task, models grouped into weak ones, students and ceiling. */
final class ModelTable {
    private final TaskView view;
    private final Markup out;

    private ModelTable(TaskView view, Markup out) {
        this.view = view;
        this.out = out;
    }

    /** Writes the table in a box of its own, which scrolls if the screen is narrow. */
    static void draw(TaskView view, Markup out) {
        new ModelTable(view, out).draw();
    }

    private void draw() {
        String title = "Results of " + view.task().title();
        out.open("div", "class", "scroll", "role", "region", "tabindex", "0", "aria-label", title);
        out.open("table", "class", "models");
        out.element("caption", title + ", mean over seeds and 95% interval", "class", "unseen");
        head();
        group("Weak models", view.weak(), view.weak().size() > 1);
        group("Students", view.students(), false);
        group("Ceiling", view.ceilings(), false);
        out.close().close();
    }

    private void head() {
        out.open("thead").open("tr");
        out.element("th", "Model", "scope", "col");
        number("Parameters");
        number(view.metricTitle());
        if (view.classifier()) {
            number("ECE");
            number("Brier");
        }
        number("PGR, mean weak");
        number("PGR, best weak");
        out.close().close();
    }

    private void number(String title) {
        out.element("th", title, "scope", "col", "class", "number");
    }

    private void group(String title, List<Model> models, boolean withMean) {
        if (models.isEmpty()) {
            return;
        }
        out.open("tbody").open("tr", "class", "group");
        out.element("th", title, "scope", "rowgroup", "colspan", view.classifier() ? 7 : 5);
        out.close();
        for (Model model : models) {
            row(model);
        }
        if (withMean) {
            meanRow();
        }
        out.close();
    }

    private void row(Model model) {
        out.open("tr").open("th", "scope", "row");
        out.element("span", "", "class", "key " + view.tone(model), "aria-hidden", "true")
                .text(model.title());
        out.close();
        out.element("td", Numbers.compact(model.parameters()), "class", "number");
        cell(view.score(model), 3, true);
        if (view.classifier()) {
            cell(TaskView.metric(model, "ece"), 3, false);
            cell(TaskView.metric(model, "brier"), 3, false);
        }
        pgr(model, TaskView.PGR_MEAN);
        pgr(model, TaskView.PGR_BEST);
        out.close();
    }

    private void meanRow() {
        out.open("tr", "class", "mean-row");
        out.element("th", "Mean of the weak models", "scope", "row");
        out.element("td", "", "class", "number");
        out.element("td", Numbers.fixed(view.weakMean(), 3), "class", "number main");
        for (int i = view.classifier() ? 0 : 2; i < 4; i++) {
            out.element("td", "", "class", "number");
        }
        out.close();
    }

    /** Only students recover anything; elsewhere the cell is empty rather than undefined. */
    private void pgr(Model model, String name) {
        Interval pgr = TaskView.metric(model, name);
        if (pgr == null && !model.role().equals("student")) {
            out.element("td", "", "class", "number");
        } else {
            cell(pgr, 2, false);
        }
    }

    private void cell(Interval value, int digits, boolean main) {
        out.open("td", "class", main ? "number main" : "number");
        if (Numbers.defined(value)) {
            out.text(Numbers.mean(value, digits));
            if (Numbers.bounded(value)) {
                out.text(" ").element("span", Numbers.bounds(value, digits), "class", "bounds");
            }
        } else {
            out.element("span", Numbers.UNDEFINED, "class", "undefined");
        }
        out.close();
    }
}
