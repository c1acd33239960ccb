package dev.chorus.cli.report;

import dev.chorus.results.Results;
import dev.chorus.results.Results.Interval;
import dev.chorus.results.Results.Model;
import dev.chorus.results.Results.Task;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** One task with what the report derives from it: groups of models, reference scores, values seed by seed. */
record TaskView(Results results, Task task) {
    static final String PGR_MEAN = "pgr_mean";
    static final String PGR_BEST = "pgr_best";

    /** How many colours the style sheet has for students. */
    private static final int TONES = 5;

    List<Model> weak() {
        return role("weak");
    }

    List<Model> students() {
        return role("student");
    }

    List<Model> ceilings() {
        return role("ceiling");
    }

    /** "Accuracy", "SLU-F1". */
    String metricTitle() {
        return switch (task.metric()) {
            case "accuracy" -> "Accuracy";
            case "slu_f1" -> "SLU-F1";
            default -> task.metric().toUpperCase(Locale.ROOT).replace('_', ' ');
        };
    }

    /** The same in the middle of a sentence. */
    String metricWord() {
        return task.metric().equals("accuracy") ? "accuracy" : metricTitle();
    }

    /** The main metric of a model; null where it was not measured. */
    Interval score(Model model) {
        return metric(model, task.metric());
    }

    /** A metric of a model; null where it was not measured. */
    static Interval metric(Model model, String name) {
        return model.metrics() == null ? null : model.metrics().get(name);
    }

    /** Mean score of the weak models, or null if one of them has none. */
    Double weakMean() {
        List<Interval> scores = weak().stream().map(this::score).toList();
        if (scores.isEmpty() || !scores.stream().allMatch(Numbers::defined)) {
            return null;
        }
        return scores.stream().mapToDouble(Interval::mean).average().orElseThrow();
    }

    /** Score of the ceiling, or null. */
    Double ceiling() {
        List<Model> ceilings = ceilings();
        Interval score = ceilings.isEmpty() ? null : score(ceilings.get(0));
        return Numbers.defined(score) ? score.mean() : null;
    }

    /** Whether the task has probabilities, and so calibration. */
    boolean classifier() {
        return task.models().stream()
                .anyMatch(m -> Numbers.defined(metric(m, "ece"))
                        || Numbers.defined(metric(m, "brier"))
                        || !m.reliability().isEmpty());
    }

    /** The main metric seed by seed, in the order of the seeds; seeds without a value are left out. */
    List<Double> bySeed(Model model) {
        return results.seeds().stream()
                .map(seed -> results.figures().stream()
                        .filter(f -> f.seed() == seed
                                && f.task().equals(task.task())
                                && f.model().equals(model.id())
                                && f.metric().equals(task.metric()))
                        .map(f -> f.value())
                        .filter(Numbers::finite)
                        .findFirst()
                        .orElse(null))
                .filter(Objects::nonNull)
                .toList();
    }

    /** The CSS class that gives a model its colour: grey for weak ones, ink for the ceiling, one tone a student. */
    String tone(Model model) {
        return switch (model.role()) {
            case "weak" -> "tone-weak";
            case "ceiling" -> "tone-ceiling";
            default -> "tone-" + (1 + Math.max(0, students().indexOf(model)) % TONES);
        };
    }

    /** The colour of a model known by its id only; the shared base has the ceiling's. */
    String tone(String id) {
        return task.models().stream()
                .filter(m -> m.id().equals(id))
                .findFirst()
                .map(this::tone)
                .orElse("tone-ceiling");
    }

    /** A model's title, or its id if no model of the task has it. */
    String title(String id) {
        return task.models().stream()
                .filter(m -> m.id().equals(id))
                .findFirst()
                .map(Model::title)
                .orElse(id);
    }

    private List<Model> role(String role) {
        return task.models().stream().filter(m -> m.role().equals(role)).toList();
    }
}
