package dev.chorus.cli.report;

import dev.chorus.aggregate.Confusions;
import dev.chorus.aggregate.Interval;
import dev.chorus.aggregate.labelers.Clones;
import dev.chorus.aggregate.labelers.ErrorCorrelation;
import dev.chorus.aggregate.labelers.GoldWeights;
import dev.chorus.aggregate.labelers.LabelerTable;
import dev.chorus.aggregate.votes.Votes;
import dev.chorus.cli.report.AggregationReport.Facts;
import dev.chorus.cli.report.HeatMap.Block;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/** What a report of an aggregation tells of the labelers. */
final class LabelerSections {
    private static final int MOST_ROWS = 200;
    private static final int MOST_PAIRS = 60;
    private static final int MOST_MATRICES = 24;
    private static final int MOST_CLASSES = 24;

    private LabelerSections() {}

    /** The table; those with most votes where there are too many. */
    static void labelers(Facts facts, Markup out) {
        Votes votes = facts.result().votes();
        LabelerTable table = facts.table();
        Map<String, double[]> skills = facts.result().skills();
        boolean intervals =
                facts.result().confusions().map(Confusions::hasIntervals).orElse(false);
        boolean gold = votes.goldCount() > 0;
        out.open("section", "aria-labelledby", "labelers").element("h2", "Labelers", "id", "labelers");
        List<Integer> shown = byVotes(table, MOST_ROWS);
        if (shown.size() < votes.workers()) {
            out.element(
                    "p",
                    "The " + shown.size() + " with most votes of " + Numbers.count(votes.workers()) + ".",
                    "class",
                    "note");
        }
        out.open("div", "class", "scroll", "role", "region", "tabindex", "0", "aria-label", "Labelers")
                .open("table", "class", "models");
        out.open("thead").open("tr").element("th", "Labeler", "scope", "col");
        for (String head : new String[] {"votes", "coverage", "overlap", "conflict", "agreement", "\u03ba"}) {
            out.element("th", head, "scope", "col", "class", "number");
        }
        for (String name : skills.keySet()) {
            if (!name.equals("agreement")) {
                String head = intervals && name.equals("accuracy") ? "accuracy, 95%" : name;
                out.element("th", head, "scope", "col", "class", "number");
            }
        }
        if (gold) {
            out.element("th", "right on gold", "scope", "col", "class", "number");
        }
        out.element("th", "vote counts", "scope", "col", "class", "number");
        out.close().close().open("tbody");
        GoldWeights.Counts counts = GoldWeights.counts(votes);
        for (int w : shown) {
            out.open("tr").element("th", votes.workerNames().get(w), "scope", "row");
            out.element("td", Numbers.count(table.votes()[w]), "class", "number");
            for (double[] column : new double[][] {
                table.coverage(), table.overlap(), table.conflict(), table.agreement(), table.kappa()
            }) {
                out.element("td", Numbers.fixed(column[w], 3), "class", "number");
            }
            skills.forEach((name, values) -> {
                if (!name.equals("agreement")) {
                    out.open("td", "class", "number").text(Numbers.fixed(values[w], 3));
                    if (intervals && name.equals("accuracy")) {
                        out.element("span", interval(facts, w), "class", "bounds");
                    }
                    out.close();
                }
            });
            if (gold) {
                String right = counts.seen()[w] == 0 ? "\u2013" : counts.right()[w] + " of " + counts.seen()[w];
                out.element("td", right, "class", "number");
            }
            out.element("td", Numbers.fixed(votes.weight(w), 2), "class", "number")
                    .close();
        }
        out.close().close().close().close();
    }

    private static String interval(Facts facts, int worker) {
        double[] balance = facts.result().classBalance().orElseThrow();
        Interval interval = facts.result().confusions().orElseThrow().accuracyInterval(worker, balance, .95);
        return " [" + Numbers.fixed(interval.low(), 3) + ",\u00a0" + Numbers.fixed(interval.high(), 3) + "]";
    }

    private static List<Integer> byVotes(LabelerTable table, int most) {
        int[] votes = table.votes();
        List<Integer> all =
                new ArrayList<>(IntStream.range(0, votes.length).boxed().toList());
        if (all.size() > most) {
            all.sort((a, b) -> Integer.compare(votes[b], votes[a]));
            all = new ArrayList<>(all.subList(0, most));
            all.sort(Integer::compare);
        }
        return all;
    }

    /** Correlations of errors, clones side by side and outlined. */
    static void dependence(Facts facts, Markup out) {
        ErrorCorrelation errors = facts.errors();
        if (errors == null) {
            return;
        }
        Votes votes = facts.result().votes();
        List<Integer> order = new ArrayList<>();
        List<Block> blocks = new ArrayList<>();
        for (Clones.Group group : facts.clones().groups()) {
            if (order.size() + group.members().size() <= MOST_PAIRS) {
                blocks.add(new Block(order.size(), group.members().size()));
                order.addAll(group.members());
            }
        }
        for (int w : byVotes(facts.table(), votes.workers())) {
            if (!order.contains(w) && order.size() < MOST_PAIRS) {
                order.add(w);
            }
        }
        out.open("section", "aria-labelledby", "errors").element("h2", "Who errs with whom", "id", "errors");
        out.open("figure").open("figcaption");
        out.element(
                "p",
                "Correlation of errors, " + (errors.isOnGold() ? "by gold" : "told by the other labelers of a task")
                        + ": blue above 0, orange below, the deeper the stronger"
                        + (blocks.isEmpty() ? "" : "; clones are outlined")
                        + (order.size() < votes.workers()
                                ? "; " + order.size() + " labelers of " + votes.workers()
                                : "")
                        + ".",
                "class",
                "note");
        out.close()
                .open(
                        "div",
                        "class",
                        "scroll",
                        "role",
                        "region",
                        "tabindex",
                        "0",
                        "aria-label",
                        "Correlation of errors");
        List<String> names = order.stream().map(w -> votes.workerNames().get(w)).toList();
        HeatMap.draw(
                out,
                "error-correlation",
                "Correlation of the labelers\u2019 errors",
                String.format(Locale.ROOT, "%d labelers, mean correlation %.2f", order.size(), errors.mean()),
                names,
                order.size() <= 12 ? 42 : 18,
                order.size() <= 12,
                blocks,
                (i, j) -> i == j ? Double.NaN : errors.of(order.get(i), order.get(j)));
        out.close().close().close();
    }

    /** Confusion matrices as small heat maps. */
    static void confusions(Facts facts, Markup out) {
        Votes votes = facts.result().votes();
        Confusions confusions = facts.result().confusions().orElse(null);
        if (confusions == null || votes.classes() > MOST_CLASSES || votes.classes() < 2) {
            return;
        }
        List<Integer> shown = byVotes(facts.table(), MOST_MATRICES);
        out.open("section", "aria-labelledby", "confusions").element("h2", "What labelers confuse", "id", "confusions");
        out.element(
                "p",
                "A row for each true class, a column for each answer; the deeper, the more often"
                        + (shown.size() < votes.workers()
                                ? ". The " + shown.size() + " labelers with most votes of " + votes.workers()
                                : "")
                        + ".",
                "class",
                "note confusion-note");
        out.open("div", "class", "matrices");
        List<String> names = List.copyOf(votes.classNames());
        boolean small = names.size() <= 5;
        for (int w : shown) {
            String name = votes.workerNames().get(w);
            out.open("figure", "class", "cell");
            out.open("figcaption", "class", "tile-caption")
                    .element("span", name, "class", "tile-name")
                    .close();
            out.open("div", "class", "scroll", "role", "region", "tabindex", "0", "aria-label", "Confusion matrix");
            HeatMap.draw(
                    out,
                    "confusion-" + w,
                    "Confusion matrix of " + name,
                    description(confusions, w, names),
                    names,
                    small ? 36 : 16,
                    small,
                    List.of(),
                    (truth, given) -> confusions.probability(w, truth, given));
            out.close().close();
        }
        out.close().close();
    }

    private static String description(Confusions confusions, int worker, List<String> names) {
        List<String> parts = new ArrayList<>();
        for (int k = 0; k < names.size(); k++) {
            parts.add(names.get(k) + " right " + Numbers.fixed(confusions.probability(worker, k, k), 2));
        }
        return String.join(", ", parts);
    }
}
