package dev.chorus.cli.report;

import dev.chorus.results.Results.Interval;
import dev.chorus.results.Results.Model;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/** Every model's main metric as a dot with its interval, seeds as faint dots, weak mean and ceiling as lines. */
final class ScoreChart {
    private static final double HEAD = 42;
    private static final double ROW = 42;
    private static final double BETWEEN_GROUPS = 10;
    private static final double AXIS = 22;
    private static final double TRACK = 20;

    private final TaskView view;
    private final Markup out;
    private final Scale x;

    private ScoreChart(TaskView view, Markup out) {
        this.view = view;
        this.out = out;
        double[] values = view.task().models().stream()
                .flatMapToDouble(m -> DoubleStream.concat(
                        bounds(view.score(m)), view.bySeed(m).stream().mapToDouble(v -> v)))
                .toArray();
        // 2 and 98 per cent: a dot at the end of the axis is whole.
        this.x = values.length == 0
                ? new Scale(0, 1, 2, 98)
                : Scale.around(
                        DoubleStream.of(values).min().orElseThrow(),
                        DoubleStream.of(values).max().orElseThrow(),
                        2,
                        98);
    }

    /** Writes the chart. */
    static void draw(TaskView view, Markup out) {
        new ScoreChart(view, out).draw();
    }

    private void draw() {
        List<List<Model>> groups = Stream.of(view.weak(), view.students(), view.ceilings())
                .filter(g -> !g.isEmpty())
                .toList();
        long rows = groups.stream().mapToLong(List::size).sum();
        double bottom = HEAD + rows * ROW + (groups.size() - 1) * BETWEEN_GROUPS;
        String id = "score-" + view.task().task();
        Svg.openFluid(out, id, bottom + AXIS, view.metricTitle() + " of every model", description());
        Charts.axis(out, x, bottom);
        label("ceiling", view.ceiling(), 12);
        label("mean weak model", view.weakMean(), 30);
        double y = HEAD;
        for (List<Model> group : groups) {
            for (Model model : group) {
                row(model, y);
                y += ROW;
            }
            y += BETWEEN_GROUPS;
        }
        out.close();
    }

    private void row(Model model, double y) {
        Interval score = view.score(model);
        String tone = view.tone(model);
        Charts.label(out, model.title(), score, 3, y + 13);
        double top = y + 19;
        Charts.track(out, x, top, TRACK);
        reference("ref-weak", view.weakMean(), top);
        reference("ref-ceiling", view.ceiling(), top);
        for (double value : view.results().seeds().size() > 1 ? view.bySeed(model) : List.<Double>of()) {
            Svg.dot(out, "seed " + tone, x.percent(value), top + TRACK - 4, 2);
        }
        double middle = top + 8.5;
        if (Numbers.bounded(score)) {
            Svg.whisker(out, "whisker " + tone, x, score.low(), score.high(), middle, 4);
        }
        if (Numbers.defined(score)) {
            Svg.dot(out, "dot " + tone, x.percent(score.mean()), middle, 5);
        }
    }

    private void reference(String css, Double value, double top) {
        if (value != null) {
            Svg.line(out, css, x.percent(value), top, x.percent(value), top + TRACK);
        }
    }

    private void label(String name, Double value, double y) {
        if (value != null) {
            boolean right = x.at(value) > 50;
            String text = name + " " + Numbers.fixed(value, 3);
            Svg.text(
                    out,
                    "ref-label",
                    x.percent(value),
                    y,
                    right ? "end" : "start",
                    right ? text + " \u25be" : "\u25be " + text);
        }
    }

    private String description() {
        return view.task().models().stream()
                .map(m -> m.title() + " " + Numbers.full(view.score(m), 3))
                .collect(Collectors.joining("; ", "Mean over seeds with 95% interval. ", "."));
    }

    private static DoubleStream bounds(Interval score) {
        if (!Numbers.defined(score)) {
            return DoubleStream.empty();
        }
        return Numbers.bounded(score) ? DoubleStream.of(score.low(), score.high()) : DoubleStream.of(score.mean());
    }
}
