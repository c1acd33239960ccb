package dev.chorus.cli.report;

import dev.chorus.results.Results.Curve;
import dev.chorus.results.Results.Point;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Loss by step, one tile a model and stage, a thin line a seed; below it the devel score where it was taken. */
final class LearningCurves {
    private static final double WIDTH = 206;
    private static final double LEFT = 34;
    private static final double RIGHT = 200;
    private static final double LOSS_TOP = 16;
    private static final double LOSS_BOTTOM = 96;
    private static final double DEVEL_TOP = 124;
    private static final double DEVEL_BOTTOM = 168;
    private static final List<String> STAGES = List.of("pretrain", "weak", "student", "dpo");

    private final TaskView view;
    private final Markup out;

    private LearningCurves(TaskView view, Markup out) {
        this.view = view;
        this.out = out;
    }

    /** Writes the tiles, stage by stage. */
    static void draw(TaskView view, Markup out) {
        new LearningCurves(view, out).draw();
    }

    private void draw() {
        Map<String, Map<String, List<Curve>>> byStage = new LinkedHashMap<>();
        STAGES.forEach(stage -> byStage.put(stage, new LinkedHashMap<>()));
        for (Curve curve : view.task().curves()) {
            if (curve.points().stream().anyMatch(p -> Double.isFinite(p.loss()))) {
                byStage.computeIfAbsent(curve.stage(), s -> new LinkedHashMap<>())
                        .computeIfAbsent(curve.model(), m -> new ArrayList<>())
                        .add(curve);
            }
        }
        byStage.forEach((stage, models) -> {
            if (!models.isEmpty()) {
                out.element("h4", stageTitle(stage), "class", "stage");
                out.open("div", "class", "tiles");
                Scale devel = develScale(
                        models.values().stream().flatMap(List::stream).toList());
                models.forEach((model, curves) -> tile(stage, model, curves, devel));
                out.close();
            }
        });
    }

    private void tile(String stage, String model, List<Curve> curves, Scale devel) {
        List<Double> losses = curves.stream()
                .flatMap(c -> c.points().stream())
                .map(Point::loss)
                .filter(Double::isFinite)
                .toList();
        double low = losses.stream().mapToDouble(v -> v).min().orElseThrow();
        double high = losses.stream().mapToDouble(v -> v).max().orElseThrow();
        long first = curves.stream()
                .flatMap(c -> c.points().stream())
                .mapToLong(Point::step)
                .min()
                .orElse(0);
        long last = curves.stream()
                .flatMap(c -> c.points().stream())
                .mapToLong(Point::step)
                .max()
                .orElse(1);
        Scale x = new Scale(Math.min(first, last - 1), last, LEFT, RIGHT);
        Scale y = new Scale(low, high > low ? high : low + 1, LOSS_BOTTOM, LOSS_TOP);
        double bottom = devel == null ? LOSS_BOTTOM : DEVEL_BOTTOM;
        String tone = stage.equals("pretrain") ? "tone-ceiling" : view.tone(model);
        String title = view.title(model);
        String end = "final loss " + Numbers.fixed(finalLoss(curves), 3);
        out.open("div", "class", "cell");
        Tiles.caption(out, title, end);
        Svg.openTile(
                out,
                "curve-" + view.task().task() + "-" + stage + "-" + Tiles.slug(model),
                WIDTH,
                bottom + 20,
                "Learning curve of " + title,
                Numbers.plural(curves.size(), "seed") + ", " + Numbers.count(last) + " steps, loss from "
                        + Numbers.fixed(high, 3) + " to " + Numbers.fixed(low, 3) + ", " + end + ".");
        frame("loss", low, high, 2, y, LOSS_TOP, LOSS_BOTTOM);
        for (Curve curve : curves) {
            line(points(curve, Point::loss), x, y, tone);
        }
        if (devel != null) {
            frame("devel score", devel.low(), devel.high(), devel.digits(), devel, DEVEL_TOP, DEVEL_BOTTOM);
            for (Curve curve : curves) {
                line(points(curve, Point::devel), x, devel, tone);
            }
        }
        Svg.text(out, "tick", LEFT, bottom + 14, "start", Numbers.count(first));
        Svg.text(out, "tick", RIGHT, bottom + 14, "end", Numbers.count(last) + " steps");
        out.close().close();
    }

    private void frame(String name, double low, double high, int digits, Scale y, double top, double bottom) {
        Svg.line(out, "grid", LEFT, bottom, RIGHT, bottom);
        Svg.line(out, "grid", LEFT, top, RIGHT, top);
        Svg.text(out, "tick", LEFT - 5, y.at(high) + 4, "end", Numbers.fixed(high, digits));
        Svg.text(out, "tick", LEFT - 5, y.at(low) + 4, "end", Numbers.fixed(low, digits));
        Svg.text(out, "tick", LEFT, top - 5, "start", name);
    }

    private void line(List<double[]> points, Scale x, Scale y, String tone) {
        if (points.size() == 1) {
            Svg.dot(out, "bin " + tone, x.at(points.get(0)[0]), y.at(points.get(0)[1]), 2);
        } else if (!points.isEmpty()) {
            String path = points.stream()
                    .map(p -> Svg.number(x.at(p[0])) + "," + Svg.number(y.at(p[1])))
                    .collect(Collectors.joining(" "));
            out.empty("polyline", "class", "curve " + tone, "points", path);
        }
    }

    /** Steps and values, without what was not taken or is not finite. */
    private static List<double[]> points(Curve curve, Function<Point, Double> value) {
        return curve.points().stream()
                .filter(p -> Numbers.finite(value.apply(p)))
                .map(p -> new double[] {(double) p.step(), value.apply(p)})
                .toList();
    }

    /** One scale for a whole stage, so that tiles compare; null if no devel score was taken. */
    private static Scale develScale(List<Curve> curves) {
        List<Double> scores = curves.stream()
                .flatMap(c -> c.points().stream())
                .map(Point::devel)
                .filter(Numbers::finite)
                .toList();
        if (scores.isEmpty()) {
            return null;
        }
        return Scale.around(
                scores.stream().mapToDouble(v -> v).min().orElseThrow(),
                scores.stream().mapToDouble(v -> v).max().orElseThrow(),
                DEVEL_BOTTOM,
                DEVEL_TOP);
    }

    private static double finalLoss(List<Curve> curves) {
        return curves.stream()
                .map(c -> c.points().stream()
                        .filter(p -> Double.isFinite(p.loss()))
                        .reduce((a, b) -> b)
                        .orElse(null))
                .filter(Objects::nonNull)
                .mapToDouble(Point::loss)
                .average()
                .orElse(Double.NaN);
    }

    private static String stageTitle(String stage) {
        return switch (stage) {
            case "pretrain" -> "Pre-training";
            case "weak" -> "Weak models";
            case "student" -> "Students and ceiling";
            case "dpo" -> "Preference stage";
            default -> stage;
        };
    }
}
