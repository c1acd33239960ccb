package dev.chorus.cli.report;

import dev.chorus.files.WholeFile;
import dev.chorus.results.Results;
import dev.chorus.results.Results.Task;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.Collectors;

/**
 * The report of a run: one HTML file that opens offline, with its style and its charts inside, and without a script.
 *
 * <p>The page is well-formed XML after its doctype line, so that a test can parse it.
 */
public final class HtmlReport {
    private final Results results;
    private final Markup out = new Markup();

    private HtmlReport(Results results) {
        this.results = results;
    }

    /** The whole page. */
    public static String render(Results results) {
        return new HtmlReport(results).page();
    }

    /**
     * Writes the page. Either the whole file stands there afterwards, or what stood there before.
     *
     * @param file replaced if it exists; its directory must exist
     * @throws IOException if there is no room or no permission; nothing half-written is left
     */
    public static void write(Results results, Path file) throws IOException {
        WholeFile.write(file, render(results).getBytes(StandardCharsets.UTF_8), true);
    }

    private String page() {
        out.open("html", "lang", "en").open("head");
        out.empty("meta", "charset", "utf-8");
        out.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
        out.empty("meta", "name", "color-scheme", "content", "light dark");
        // Nothing that a sentence could smuggle in would load or run.
        out.empty(
                "meta",
                "http-equiv",
                "Content-Security-Policy",
                "content",
                "default-src 'none'; style-src 'unsafe-inline'");
        out.element("title", results.name() + " \u2013 Chorus report");
        out.open("style").trusted(style()).close();
        out.close();
        out.open("body").open("main");
        header();
        for (Task task : results.tasks()) {
            task(new TaskView(results, task));
        }
        reading();
        out.close().close().close();
        return "<!DOCTYPE html>\n" + out;
    }

    private void header() {
        out.open("header");
        out.element("p", "Chorus \u00b7 weak-to-strong", "class", "overline");
        out.element("h1", results.name());
        out.element(
                "p",
                results.tasks().stream()
                                .map(task -> scope(new TaskView(results, task)))
                                .collect(Collectors.joining(". "))
                        + ". " + Numbers.plural(results.seeds().size(), "seed") + ".",
                "class",
                "scope");
        for (Task task : results.tasks()) {
            out.open("p", "class", "finding").element("strong", task.title() + ". ");
            out.text(Findings.of(new TaskView(results, task))).close();
        }
        out.close();
        out.open("section", "aria-labelledby", "run");
        out.element("h2", "What was run", "id", "run");
        RunFacts.draw(results, out);
        RunFacts.config(results, out);
        out.close();
    }

    /** What was compared, a line a task. */
    private static String scope(TaskView view) {
        return view.task().title() + ": " + Numbers.plural(view.weak().size(), "weak model") + ", "
                + Numbers.plural(view.students().size(), "student")
                + (view.ceilings().isEmpty() ? ", no ceiling" : " and a ceiling");
    }

    private void task(TaskView view) {
        String key = view.task().task();
        out.open("section", "class", "task", "aria-labelledby", key);
        out.element("h2", view.task().title(), "id", key);
        ModelTable.draw(view, out);

        out.open("div", "class", "pair");
        figure(view.metricTitle(), scoreCaption());
        ScoreChart.draw(view, out);
        out.close();
        if (!view.students().isEmpty()) {
            figure(
                    "Performance gap recovered",
                    "Share of the way from weak baseline to ceiling."
                            + (results.seeds().size() > 1 ? " Whiskers: 95%." : ""));
            PgrChart.draw(view, out);
            out.close();
        }
        out.close();

        if (view.task().models().stream().anyMatch(m -> !m.reliability().isEmpty())) {
            figure(
                    "Reliability",
                    "Accuracy against confidence, all seeds together. On the diagonal a model is right as often as it says; "
                            + "below it, it is too sure. A dot\u2019s area is the share of the predictions.");
            ReliabilityChart.draw(view, out);
            out.close();
        }
        if (!view.task().curves().isEmpty()) {
            figure(
                    "Learning curves",
                    "Training loss in nats, a line a seed. Every tile has its own loss scale, because losses of different "
                            + "students and tokenizers do not compare; devel scores share one within a row.");
            LearningCurves.draw(view, out);
            out.close();
        }
        if (!JudgedTable.isEmpty(view)) {
            out.open("div", "class", "block");
            out.element("h3", "How good the weak models are, and how much they repeat each other");
            out.element(
                    "p",
                    "On items of " + view.task().judged().get(0).on()
                            + " that no weak model was taught: accuracy, smoothed, or the mean of the main metric of each item.",
                    "class",
                    "note");
            JudgedTable.draw(view, out);
            out.close();
        }
        if (!view.task().unsure().isEmpty()) {
            out.open("div", "class", "block");
            out.element("h3", "The " + UnsureTable.shown(view) + " weak labels that the ensemble is least sure of");
            out.element(
                    "p",
                            "Entropy in nats, least sure first. Answers equal to the gold one, which no model saw, are marked.",
                    "class", "note");
            UnsureTable.draw(view, out);
            out.close();
        }
        out.close();
    }

    private String scoreCaption() {
        return results.seeds().size() > 1
                ? "Mean over " + results.seeds().size() + " seeds with its 95% interval; small dots are seeds."
                : "One seed, so no interval.";
    }

    /** Opens a figure with its caption; the caller closes it. */
    private void figure(String title, String caption) {
        out.open("figure").open("figcaption");
        out.element("h3", title).element("p", caption, "class", "note");
        out.close();
    }

    private void reading() {
        out.open("footer").element("h2", "How to read this").open("dl", "class", "terms");
        term(
                "PGR",
                "Performance gap recovered: (student \u2212 weak) / (ceiling \u2212 weak). 0 is the weak baseline, 1 the "
                        + "ceiling, which is the student\u2019s model trained on gold labels. The baseline is the mean weak model, or "
                        + "the one that was best on the devel set. Undefined where the ceiling is not above the baseline.");
        term(
                "Interval",
                "Mean over seeds and 95% interval by Student\u2019s t. It tells how far another set of seeds may lie, "
                        + "not how another data set would. With one seed there is none.");
        term(
                "ECE, Brier",
                "Expected calibration error over ten equal bins, and the mean squared distance of the "
                        + "probabilities from the truth. Lower is better.");
        out.close();
        out.open("p", "class", "note")
                .text("Every figure with its seed is in ")
                .element("code", "results.json")
                .text(" beside this file.");
        out.close().close();
    }

    private void term(String name, String meaning) {
        out.open("div").element("dt", name).element("dd", meaning).close();
    }

    private static String style() {
        try (InputStream css = HtmlReport.class.getResourceAsStream("report.css")) {
            if (css == null) {
                throw new IllegalStateException("report.css is not in the jar");
            }
            return new String(css.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
