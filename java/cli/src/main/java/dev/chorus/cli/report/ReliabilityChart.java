package dev.chorus.cli.report;

import dev.chorus.results.Results.Interval;
import dev.chorus.results.Results.Model;
import dev.chorus.results.Results.ReliabilityBin;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Small multiples of accuracy against confidence; on the diagonal a model is as often right as it says. */
final class ReliabilityChart {
    private static final double WIDTH = 200;
    private static final double LEFT = 26;
    private static final double TOP = 6;
    private static final double SIDE = 166;

    private ReliabilityChart() {}

    /** Writes one tile for every model that has bins. */
    static void draw(TaskView view, Markup out) {
        out.open("div", "class", "tiles");
        for (Model model : view.task().models()) {
            if (!model.reliability().isEmpty()) {
                out.open("div", "class", "cell");
                Interval ece = TaskView.metric(model, "ece");
                Tiles.caption(out, model.title(), "ECE " + Numbers.mean(ece, 3));
                tile(view, model, out);
                out.close();
            }
        }
        out.close();
    }

    private static void tile(TaskView view, Model model, Markup out) {
        List<ReliabilityBin> bins =
                model.reliability().stream().filter(b -> b.count() > 0).toList();
        Scale x = new Scale(0, 1, LEFT, LEFT + SIDE);
        Scale y = new Scale(0, 1, TOP + SIDE, TOP);
        String tone = view.tone(model);
        Svg.openTile(
                out,
                "reliability-" + view.task().task() + "-" + Tiles.slug(model.id()),
                WIDTH,
                TOP + SIDE + 30,
                "Reliability of " + model.title(),
                description(bins));
        for (double tick : new double[] {0, 0.5, 1}) {
            Svg.line(out, "grid", x.at(tick), y.at(0), x.at(tick), y.at(1));
            Svg.line(out, "grid", x.at(0), y.at(tick), x.at(1), y.at(tick));
            Svg.text(
                    out,
                    "tick",
                    x.at(tick),
                    y.at(0) + 13,
                    tick == 1 ? "end" : tick == 0 ? "start" : "middle",
                    short_(tick));
            Svg.text(out, "tick", LEFT - 5, y.at(tick) + (tick == 1 ? 8 : tick == 0 ? 0 : 4), "end", short_(tick));
        }
        Svg.line(out, "diagonal", x.at(0), y.at(0), x.at(1), y.at(1));
        Svg.text(out, "tick", x.at(0.5), y.at(0) + 26, "middle", "confidence");
        Svg.text(out, "tick", x.at(0) + 5, y.at(1) + 11, "start", "accuracy");
        long total = bins.stream().mapToLong(ReliabilityBin::count).sum();
        for (ReliabilityBin bin : bins) {
            Svg.line(
                    out,
                    "miss " + tone,
                    x.at(bin.confidence()),
                    y.at(bin.confidence()),
                    x.at(bin.confidence()),
                    y.at(bin.accuracy()));
        }
        out.empty(
                "polyline",
                "class",
                "curve " + tone,
                "points",
                bins.stream()
                        .map(b -> Svg.number(x.at(b.confidence())) + "," + Svg.number(y.at(b.accuracy())))
                        .collect(Collectors.joining(" ")));
        for (ReliabilityBin bin : bins) {
            // The area of a dot is the bin's share of all predictions.
            double radius = Math.max(1.8, 9 * Math.sqrt((double) bin.count() / total));
            Svg.dot(out, "bin " + tone, x.at(bin.confidence()), y.at(bin.accuracy()), radius);
        }
        out.close();
    }

    private static String description(List<ReliabilityBin> bins) {
        return bins.stream()
                .map(b -> String.format(
                        Locale.ROOT,
                        "confidence %.2f, accuracy %.2f, %d predictions",
                        b.confidence(),
                        b.accuracy(),
                        b.count()))
                .collect(Collectors.joining("; "));
    }

    private static String short_(double tick) {
        return tick == 0.5 ? ".5" : Integer.toString((int) tick);
    }
}
