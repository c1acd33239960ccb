package dev.chorus.cli.report;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.GoldCheck;
import dev.chorus.aggregate.labelers.Clones;
import dev.chorus.aggregate.labelers.ErrorCorrelation;
import dev.chorus.aggregate.labelers.LabelerTable;
import dev.chorus.aggregate.votes.Votes;
import dev.chorus.files.WholeFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * The report of an aggregation: one HTML file that opens offline, with its style and its charts inside, and without a script.
 *
 * <p>The page is well-formed XML after its doctype line, so that a test can parse it.
 */
public final class AggregationReport {

    private final Facts facts;
    private final Votes votes;
    private final Markup out = new Markup();

    private AggregationReport(Facts facts) {
        this.facts = facts;
        this.votes = facts.result().votes();
    }

    /**
     * What the report tells.
     *
     * @param title      what the votes are called
     * @param result     labels and what was learned
     * @param table      the labelers' coverage and agreement
     * @param clones     labelers that repeat each other
     * @param errors     correlations of errors, or null
     * @param alpha      Krippendorff's; NaN where undefined
     * @param check      how good labels are on held-out gold, or null without gold
     * @param sentences  what was found, in words
     * @param comparison the results of all methods where they were compared; else empty
     */
    public record Facts(
            String title,
            Aggregation result,
            LabelerTable table,
            Clones clones,
            ErrorCorrelation errors,
            double alpha,
            GoldCheck check,
            List<String> sentences,
            List<Aggregation> comparison) {

        /** Copies the lists. */
        public Facts {
            sentences = List.copyOf(sentences);
            comparison = List.copyOf(comparison);
        }
    }

    /** The whole page. */
    public static String render(Facts facts) {
        return new AggregationReport(facts).page();
    }

    /**
     * Writes the page. Either the whole file stands there afterwards, or what stood there before.
     *
     * @param file replaced if it exists; its directory must exist
     * @throws IOException if there is no room or no permission; nothing half-written is left
     */
    public static void write(Facts facts, Path file) throws IOException {
        WholeFile.write(file, render(facts).getBytes(StandardCharsets.UTF_8), true);
    }

    private String page() {
        out.open("html", "lang", "en").open("head");
        out.empty("meta", "charset", "utf-8");
        out.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
        out.empty("meta", "name", "color-scheme", "content", "light dark");
        // Nothing that a label or a name could smuggle in would load or run.
        out.empty(
                "meta",
                "http-equiv",
                "Content-Security-Policy",
                "content",
                "default-src 'none'; style-src 'unsafe-inline'");
        out.element("title", facts.title() + " \u2013 Chorus aggregation");
        out.open("style")
                .trusted(style("report.css"))
                .trusted(style("aggregation.css"))
                .close();
        out.close();
        out.open("body").open("main");
        header();
        LabelerSections.labelers(facts, out);
        LabelerSections.dependence(facts, out);
        LabelerSections.confusions(facts, out);
        ResultSections.gold(facts, out);
        ResultSections.comparison(facts, out);
        ResultSections.unsure(facts, out);
        reading();
        out.close().close().close();
        return "<!DOCTYPE html>\n" + out;
    }

    private void header() {
        boolean compared = !facts.comparison().isEmpty();
        out.open("header");
        out.element("p", "Chorus \u00b7 aggregation", "class", "overline");
        out.element("h1", facts.title());
        out.element(
                "p",
                Numbers.plural(votes.size(), "vote") + " of " + Numbers.plural(votes.workers(), "labeler") + " on "
                        + Numbers.plural(votes.tasks(), "task") + ", "
                        + (votes.classes() == 1 ? "1 class" : Numbers.count(votes.classes()) + " classes") + ". "
                        + (compared
                                ? facts.comparison().size() + " methods compared."
                                : "Method: " + facts.result().method() + "."),
                "class",
                "scope");
        for (String sentence : facts.sentences()) {
            out.element("p", sentence + ".", "class", "finding");
        }
        out.close();
        out.open("section", "aria-labelledby", "facts");
        out.element("h2", "At a glance", "id", "facts").open("dl", "class", "facts");
        fact("Krippendorff\u2019s \u03b1", Numbers.fixed(facts.alpha(), 3));
        fact("Votes a task", Numbers.fixed((double) votes.size() / votes.tasks(), 1));
        if (votes.goldCount() > 0) {
            fact("Gold labels", Numbers.count(votes.goldCount()));
        }
        double entropy = 0;
        for (int t = 0; t < votes.tasks(); t++) {
            entropy += facts.result().posteriors().entropy(t) / votes.tasks();
        }
        fact("Mean entropy of a label", Numbers.fixed(entropy, 3) + " nats");
        if (!compared && facts.result().trace().iterations() > 0) {
            fact(
                    "Fit",
                    Numbers.plural(facts.result().trace().iterations(), "iteration")
                            + (facts.result().trace().converged() ? ", converged" : ", stopped at the cap"));
        }
        out.close().close();
    }

    private void fact(String name, String value) {
        out.open("div").element("dt", name).element("dd", value).close();
    }

    private void reading() {
        out.open("footer").element("h2", "How to read this").open("dl", "class", "terms");
        term(
                "Coverage, overlap, conflict",
                "Shares of all tasks: those that a labeler voted on, those of them with another vote, and those on which "
                        + "another labeler said something else.");
        term(
                "Agreement, \u03ba",
                "How often a labeler says the label of the result, and the same beyond chance (Cohen). High agreement with "
                        + "a result that it helped to make is no proof of being right.");
        term(
                "\u03b1",
                "Krippendorff\u2019s alpha: agreement of all labelers beyond chance. 1: all agree; 0: as by chance.");
        term(
                "Worth independent labelers",
                "M labelers whose errors correlate by \u03c1 on average carry the evidence of M / (1 + (M \u2212 1) \u03c1) "
                        + "independent ones. Without gold, errors are told by the other labelers, and what all get wrong "
                        + "together stays hidden: the figure is then too high.");
        term(
                "Clones",
                "Labelers that agree far more than their accuracy explains. A group shares one vote, so that copies do not "
                        + "outvote those who judge for themselves.");
        out.close().close();
    }

    private void term(String name, String meaning) {
        out.open("div").element("dt", name).element("dd", meaning).close();
    }

    private static String style(String name) {
        try (InputStream css = AggregationReport.class.getResourceAsStream(name)) {
            if (css == null) {
                throw new IllegalStateException(name + " is not in the jar");
            }
            return new String(css.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
