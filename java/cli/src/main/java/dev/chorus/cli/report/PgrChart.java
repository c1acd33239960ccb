package dev.chorus.cli.report;

import dev.chorus.results.Results.Interval;
import dev.chorus.results.Results.Model;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/** Performance gap recovered: two bars a student, against the mean weak model and against the best one. */
final class PgrChart {
    private static final double HEAD = 20;
    private static final double BLOCK = 104;
    private static final double AXIS = 14;
    private static final double BAR = 12;
    private static final double TRACK = 16;

    /** A ratio over a small gap can be anything; beyond this the bar is cut, and its number tells the rest. */
    private static final double FARTHEST_BELOW = -1;

    private static final double FARTHEST_ABOVE = 2;

    private final TaskView view;
    private final Markup out;
    private final Scale x;

    private PgrChart(TaskView view, Markup out) {
        this.view = view;
        this.out = out;
        double[] values = view.students().stream()
                .flatMapToDouble(m -> DoubleStream.concat(ends(mean(m)), ends(best(m))))
                .map(v -> Math.max(FARTHEST_BELOW, Math.min(FARTHEST_ABOVE, v)))
                .toArray();
        double low = Math.min(0, DoubleStream.of(values).min().orElse(0));
        double high = Math.max(1, DoubleStream.of(values).max().orElse(1));
        this.x = Scale.around(low < 0 ? low : 0.04, high > 1 ? high : 0.96, 0.5, 99.5);
    }

    /** Writes the chart. */
    static void draw(TaskView view, Markup out) {
        new PgrChart(view, out).draw();
    }

    private void draw() {
        List<Model> students = view.students();
        double bottom = HEAD + students.size() * BLOCK;
        Svg.openFluid(
                out,
                "pgr-" + view.task().task(),
                bottom + AXIS,
                "Performance gap recovered by every student",
                description());
        Charts.axis(out, x, bottom - 8);
        Svg.text(out, "ref-label", x.percent(0), 12, x.at(0) < 50 ? "start" : "end", "0 = weak");
        Svg.text(out, "ref-label", x.percent(1), 12, "end", "1 = ceiling");
        double y = HEAD;
        for (Model model : students) {
            Svg.text(out, "name", "0", y + 14, "start", model.title());
            bar(mean(model), view.tone(model), "against the mean weak model", y + 33);
            bar(best(model), view.tone(model) + " light", "against the best weak model", y + 72);
            y += BLOCK;
        }
        out.close();
    }

    private void bar(Interval pgr, String tone, String baseline, double y) {
        Svg.text(out, "sub", "0", y, "start", baseline);
        Charts.value(out, pgr, 2, y);
        double top = y + 6;
        Charts.track(out, x, top, TRACK);
        Svg.line(out, "zero", x.percent(0), top, x.percent(0), top + TRACK);
        Svg.line(out, "ref-ceiling", x.percent(1), top, x.percent(1), top + TRACK);
        if (!Numbers.defined(pgr)) {
            return;
        }
        double from = x.at(Math.min(0, pgr.mean()));
        double to = x.at(Math.max(0, pgr.mean()));
        out.empty(
                "rect",
                "class",
                "bar " + tone,
                "x",
                Svg.number(from) + "%",
                "y",
                Svg.number(top + (TRACK - BAR) / 2),
                "width",
                Svg.number(to - from) + "%",
                "height",
                Svg.number(BAR),
                "rx",
                "1");
        if (Numbers.bounded(pgr)) {
            Svg.whisker(out, "bar-whisker", x, pgr.low(), pgr.high(), top + TRACK / 2, 4);
        }
    }

    private String description() {
        return view.students().stream()
                .map(m -> m.title() + ": " + Numbers.full(mean(m), 2) + " against the mean weak model, "
                        + Numbers.full(best(m), 2) + " against the best")
                .collect(Collectors.joining("; ", "0 is the weak baseline, 1 the ceiling. ", "."));
    }

    private static Interval mean(Model model) {
        return TaskView.metric(model, TaskView.PGR_MEAN);
    }

    private static Interval best(Model model) {
        return TaskView.metric(model, TaskView.PGR_BEST);
    }

    private static DoubleStream ends(Interval pgr) {
        if (!Numbers.defined(pgr)) {
            return DoubleStream.empty();
        }
        return Numbers.bounded(pgr) ? DoubleStream.of(pgr.low(), pgr.high(), pgr.mean()) : DoubleStream.of(pgr.mean());
    }
}
