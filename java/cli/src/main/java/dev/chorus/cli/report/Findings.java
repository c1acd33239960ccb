package dev.chorus.cli.report;

import dev.chorus.results.Results.Interval;
import dev.chorus.results.Results.Model;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Says in words what the figures of a task show, and what they do not. Every word depends on the numbers. */
final class Findings {
    private final TaskView view;

    private Findings(TaskView view) {
        this.view = view;
    }

    /** One to four sentences about the task. */
    static String of(TaskView view) {
        return new Findings(view).text();
    }

    private String text() {
        Double floor = view.weakMean();
        Double ceiling = view.ceiling();
        if (floor == null || ceiling == null) {
            return "The gap is undefined, because " + (floor == null ? "a weak model" : "the ceiling")
                    + " has no score.";
        }
        String ends = "between the mean weak model (" + Numbers.fixed(floor, 3) + ") and the ceiling ("
                + Numbers.fixed(ceiling, 3) + ")";
        if (!(ceiling > floor)) {
            return "There is no gap to recover " + ends + ": the ceiling is not above the weak models.";
        }
        List<Model> ranked = view.students().stream()
                .filter(m -> Numbers.defined(recovered(m)))
                .sorted(Comparator.comparing((Model m) -> -recovered(m).mean()))
                .toList();
        if (ranked.isEmpty()) {
            return "The gap " + ends + " is " + Numbers.fixed(ceiling - floor, 3)
                    + "; no student has a share of it that is defined.";
        }
        List<String> shares = new ArrayList<>();
        for (Model model : ranked) {
            String verb = shares.isEmpty() ? " recovers " : " ";
            shares.add(quoted(model) + verb + Numbers.full(recovered(model), 2));
        }
        return "Of the " + Numbers.fixed(ceiling - floor, 3) + " " + view.metricWord() + " " + ends + ", "
                + join(shares) + "." + certainty(ranked) + againstBest(ranked);
    }

    /** Which intervals lie apart. All pairs count: where the first overlaps two others, those two may not overlap. */
    private String certainty(List<Model> ranked) {
        List<Model> bounded =
                ranked.stream().filter(m -> Numbers.bounded(recovered(m))).toList();
        if (bounded.isEmpty()) {
            return " With one value each there is no interval, and the order may be chance.";
        }
        if (bounded.size() < 2) {
            return "";
        }
        StringBuilder apart = new StringBuilder();
        for (int i = 0; i < bounded.size() - 1; i++) {
            Model upper = bounded.get(i);
            List<String> below = bounded.subList(i + 1, bounded.size()).stream()
                    .filter(lower -> apart(upper, lower))
                    .map(Findings::quoted)
                    .toList();
            if (!below.isEmpty()) {
                apart.append(" The interval of ").append(quoted(upper)).append(" lies above ");
                apart.append(below.size() == 1 ? "that of " : "those of ")
                        .append(join(below))
                        .append('.');
            }
        }
        if (apart.isEmpty()) {
            return bounded.size() == 2
                    ? " The intervals overlap: this run does not tell the two apart."
                    : " All the intervals overlap: this run does not tell the students apart.";
        }
        Model first = bounded.get(0);
        Model second = bounded.get(1);
        return apart(first, second)
                ? apart.toString()
                : " The intervals of " + quoted(first) + " and " + quoted(second)
                        + " overlap, so which of them leads is open." + apart;
    }

    private static boolean apart(Model upper, Model lower) {
        return recovered(upper).low() > recovered(lower).high();
    }

    /** Who is above the best weak model beyond the interval. */
    private String againstBest(List<Model> ranked) {
        List<Model> bounded = ranked.stream()
                .filter(m -> Numbers.bounded(TaskView.metric(m, TaskView.PGR_BEST)))
                .toList();
        if (bounded.isEmpty()) {
            return "";
        }
        List<String> above = bounded.stream()
                .filter(m -> TaskView.metric(m, TaskView.PGR_BEST).low() > 0)
                .map(Findings::quoted)
                .toList();
        if (above.isEmpty()) {
            return " Against the best weak model, no student\u2019s interval lies wholly above zero.";
        }
        if (above.size() == ranked.size() && above.size() > 1) {
            return " Against the best weak model too, every student\u2019s interval lies above zero.";
        }
        return " Against the best weak model, only the interval" + (above.size() == 1 ? " of " : "s of ") + join(above)
                + (above.size() == 1 ? " lies" : " lie") + " above zero.";
    }

    private static Interval recovered(Model model) {
        return TaskView.metric(model, TaskView.PGR_MEAN);
    }

    private static String quoted(Model model) {
        return "\u201c" + model.title() + "\u201d";
    }

    private static String join(List<String> parts) {
        if (parts.size() < 2) {
            return String.join("", parts);
        }
        return String.join(", ", parts.subList(0, parts.size() - 1)) + " and " + parts.get(parts.size() - 1);
    }
}
