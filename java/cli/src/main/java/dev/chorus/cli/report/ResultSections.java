package dev.chorus.cli.report;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.GoldCheck;
import dev.chorus.aggregate.Interval;
import dev.chorus.aggregate.Posteriors;
import dev.chorus.aggregate.votes.Votes;
import dev.chorus.cli.report.AggregationReport.Facts;
import dev.chorus.eval.Calibration;
import dev.chorus.eval.ReliabilityBin;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.PriorityQueue;
import java.util.stream.IntStream;

/** What a report of an aggregation tells of the labels. */
final class ResultSections {
    private static final int UNSURE = 25;
    private static final int DISPUTED = 25;
    private static final int VOTES_SHOWN = 12;
    private static final int CLASSES_SHOWN = 30;

    private ResultSections() {}

    /** Accuracy, shares of classes and calibration on held-out gold. */
    static void gold(Facts facts, Markup out) {
        GoldCheck check = facts.check();
        if (check == null) {
            return;
        }
        Votes votes = facts.result().votes();
        out.open("section", "class", "task", "aria-labelledby", "gold").element("h2", "Against gold", "id", "gold");
        Interval accuracy = check.accuracyInterval();
        out.element(
                "p",
                String.format(
                        Locale.ROOT,
                        "%s of %s gold labels are right where the fit did not see them: accuracy %.3f [%.3f, %.3f].",
                        Numbers.count(Math.round(check.accuracy() * check.size())),
                        Numbers.count(check.size()),
                        check.accuracy(),
                        accuracy.low(),
                        accuracy.high()),
                "class",
                "finding");
        out.open("div", "class", "pair");
        out.open("figure").open("figcaption").element("h3", "Calibration");
        List<ReliabilityBin> bins = Calibration.reliability(check.confidence(), check.right(), 10);
        out.element(
                "p",
                "Accuracy against confidence. On the diagonal a label is right as often as it says; calibration error "
                        + Numbers.fixed(Calibration.expectedError(bins), 3) + ".",
                "class",
                "note");
        out.close();
        calibration(bins, out);
        out.close();
        out.open("figure").open("figcaption").element("h3", "Shares of the classes");
        out.element("p", "As counted among the labels, and corrected by gold, with its 95% interval.", "class", "note");
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
                        "Shares of the classes")
                .open("table")
                .open("thead")
                .open("tr");
        out.element("th", "Class", "scope", "col");
        out.element("th", "counted", "scope", "col", "class", "number");
        out.element("th", "corrected", "scope", "col", "class", "number");
        out.close().close().open("tbody");
        double[] counted = new double[votes.classes()];
        for (int t = 0; t < votes.tasks(); t++) {
            int label = facts.result().posteriors().label(t);
            if (label >= 0) {
                counted[label] += 1.0 / votes.tasks();
            }
        }
        for (int k = 0; k < Math.min(votes.classes(), CLASSES_SHOWN); k++) {
            Interval share = check.prevalenceInterval(k);
            out.open("tr").element("th", votes.classNames().get(k), "scope", "row");
            out.element("td", Numbers.fixed(counted[k], 3), "class", "number");
            out.open("td", "class", "number").text(Numbers.fixed(check.prevalence(k), 3));
            out.element(
                    "span",
                    " [" + Numbers.fixed(share.low(), 3) + ",\u00a0" + Numbers.fixed(share.high(), 3) + "]",
                    "class",
                    "bounds");
            out.close().close();
        }
        out.close().close().close().close().close().close();
    }

    private static void calibration(List<ReliabilityBin> bins, Markup out) {
        double side = 220;
        double left = 30;
        Scale x = new Scale(0, 1, left, left + side);
        Scale y = new Scale(0, 1, 8 + side, 8);
        out.open("div", "class", "calibration");
        Svg.openTile(
                out,
                "calibration",
                left + side + 8,
                side + 44,
                "Calibration on gold",
                "Accuracy in ten bins of confidence");
        for (double tick : new double[] {0, 0.5, 1}) {
            Svg.line(out, "grid", x.at(tick), y.at(0), x.at(tick), y.at(1));
            Svg.line(out, "grid", x.at(0), y.at(tick), x.at(1), y.at(tick));
            Svg.text(out, "tick", x.at(tick), y.at(0) + 14, "middle", Numbers.fixed(tick, 1));
            Svg.text(out, "tick", left - 6, y.at(tick) + 4, "end", Numbers.fixed(tick, 1));
        }
        Svg.line(out, "diagonal", x.at(0), y.at(0), x.at(1), y.at(1));
        Svg.text(out, "tick", x.at(0.5), y.at(0) + 28, "middle", "confidence");
        long all = bins.stream().mapToLong(ReliabilityBin::count).sum();
        out.open("g", "class", "tone-2");
        for (ReliabilityBin bin : bins) {
            if (bin.count() > 0) {
                double radius = 3 + 11 * Math.sqrt((double) bin.count() / all);
                Svg.line(
                        out,
                        "miss",
                        x.at(bin.confidence()),
                        y.at(bin.confidence()),
                        x.at(bin.confidence()),
                        y.at(bin.accuracy()));
                Svg.dot(out, "bin", x.at(bin.confidence()), y.at(bin.accuracy()), radius);
            }
        }
        out.close().close().close();
    }

    /** How often methods agree, and of which tasks they do not. */
    static void comparison(Facts facts, Markup out) {
        List<Aggregation> results = facts.comparison();
        if (results.isEmpty()) {
            return;
        }
        Votes votes = facts.result().votes();
        List<int[]> labels = results.stream().map(Aggregation::labels).toList();
        List<String> names = results.stream().map(Aggregation::method).toList();
        double[][] differ = new double[names.size()][names.size()];
        int[] most = new int[votes.tasks()];
        for (int t = 0; t < votes.tasks(); t++) {
            for (int a = 0; a < names.size(); a++) {
                int same = 0;
                for (int b = 0; b < names.size(); b++) {
                    boolean equal = labels.get(a)[t] == labels.get(b)[t];
                    same += equal ? 1 : 0;
                    differ[a][b] += equal ? 0 : 1.0 / votes.tasks();
                }
                most[t] = Math.max(most[t], same);
            }
        }
        out.open("section", "aria-labelledby", "compare").element("h2", "Where methods disagree", "id", "compare");
        out.element(
                "p",
                "Share of the tasks on which two methods give different labels; the deeper, the more.",
                "class",
                "note");
        out.open("div", "class", "scroll", "role", "region", "tabindex", "0", "aria-label", "Disagreement of methods");
        double largest = 1e-9;
        for (double[] row : differ) {
            for (double value : row) {
                largest = Math.max(largest, value);
            }
        }
        double scale = largest;
        HeatMap.draw(
                out,
                "disagreement",
                "Disagreement of methods",
                "Shares of tasks, at most " + Numbers.fixed(largest, 3),
                names,
                34,
                false,
                List.of(),
                (i, j) -> i == j ? Double.NaN : differ[i][j] / scale);
        out.close();
        out.element("p", "Deepest: " + Numbers.fixed(100 * largest, 1) + "% of the tasks.", "class", "note");
        List<Integer> disputed = IntStream.range(0, votes.tasks())
                .filter(t -> most[t] < names.size())
                .boxed()
                .sorted(Comparator.comparingInt(t -> most[t]))
                .limit(DISPUTED)
                .toList();
        if (!disputed.isEmpty()) {
            out.open("div", "class", "block").element("h3", "The most disputed tasks");
            out.open("div", "class", "scroll", "role", "region", "tabindex", "0", "aria-label", "Disputed tasks")
                    .open("table", "class", "models")
                    .open("thead")
                    .open("tr");
            out.element("th", "Task", "scope", "col");
            names.forEach(name -> out.element("th", name, "scope", "col"));
            out.close().close().open("tbody");
            for (int t : disputed) {
                out.open("tr").element("th", votes.taskNames().get(t), "scope", "row");
                for (int[] of : labels) {
                    out.element("td", of[t] < 0 ? "\u2013" : votes.classNames().get(of[t]));
                }
                out.close();
            }
            out.close().close().close().close();
        }
        out.close();
    }

    /** The tasks with most entropy. */
    static void unsure(Facts facts, Markup out) {
        if (!facts.comparison().isEmpty()) {
            return;
        }
        Votes votes = facts.result().votes();
        Posteriors posteriors = facts.result().posteriors();
        Comparator<Integer> doubt = Comparator.comparingDouble(posteriors::entropy);
        // The surest of those kept is on top and goes first; of equals the later task.
        PriorityQueue<Integer> kept = new PriorityQueue<>(doubt.thenComparing(Comparator.reverseOrder()));
        for (int t = 0; t < votes.tasks(); t++) {
            kept.add(t);
            if (kept.size() > UNSURE) {
                kept.poll();
            }
        }
        List<Integer> shown = new ArrayList<>(kept);
        shown.sort(doubt.reversed().thenComparing(Comparator.naturalOrder()));
        out.open("section", "aria-labelledby", "unsure");
        out.element("h2", "The " + shown.size() + " tasks of which the labels are least sure", "id", "unsure");
        out.open("div", "class", "scroll", "role", "region", "tabindex", "0", "aria-label", "Unsure tasks")
                .open("table", "class", "models")
                .open("thead")
                .open("tr");
        out.element("th", "Task", "scope", "col").element("th", "label", "scope", "col");
        out.element("th", "confidence", "scope", "col", "class", "number");
        out.element("th", "entropy", "scope", "col", "class", "number");
        out.element("th", "votes", "scope", "col");
        out.close().close().open("tbody");
        for (int t : shown) {
            int label = posteriors.label(t);
            out.open("tr").element("th", votes.taskNames().get(t), "scope", "row");
            out.element("td", label < 0 ? "\u2013" : votes.classNames().get(label));
            out.element("td", Numbers.fixed(posteriors.confidence(t), 3), "class", "number");
            out.element("td", Numbers.fixed(posteriors.entropy(t), 3), "class", "number");
            out.element("td", said(votes, t), "class", "said").close();
        }
        out.close().close().close().close();
    }

    private static String said(Votes votes, int task) {
        List<String> parts = new ArrayList<>();
        for (int v = votes.start(task); v < votes.start(task + 1) && parts.size() < VOTES_SHOWN; v++) {
            parts.add(votes.workerNames().get(votes.worker(v)) + ":\u00a0"
                    + votes.classNames().get(votes.label(v)));
        }
        int all = votes.start(task + 1) - votes.start(task);
        return String.join(", ", parts) + (all > VOTES_SHOWN ? " and " + (all - VOTES_SHOWN) + " more" : "");
    }
}
