package dev.chorus.experiment;

import dev.chorus.stage.Stage;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One repetition of one task: the stages whose outputs the results are read from.
 *
 * @param seed      of the repetition
 * @param weak      trained weak models, by name
 * @param labels    their labels, in the same order
 * @param judged    their labels of items with gold labels, likewise; empty if nobody is judged
 * @param probed    whether each of their labels is right, likewise; empty if no student is weighed by it
 * @param rescored  their scores of all their texts, likewise; empty if no student needs them
 * @param aggregate the ensemble's view
 * @param trained   students and ceiling, by id
 * @param evaluated every model's evaluation, by id, weak models first
 */
record TaskStages(
        long seed,
        Map<String, Stage> weak,
        Map<String, Stage> labels,
        Map<String, Stage> judged,
        Map<String, Stage> probed,
        Map<String, Stage> rescored,
        Stage aggregate,
        Map<String, Stage> trained,
        Map<String, Stage> evaluated) {
    /** Without a stage yet. */
    TaskStages(long seed) {
        this(
                seed,
                new LinkedHashMap<>(),
                new LinkedHashMap<>(),
                new LinkedHashMap<>(),
                new LinkedHashMap<>(),
                new LinkedHashMap<>(),
                null,
                new LinkedHashMap<>(),
                new LinkedHashMap<>());
    }

    TaskStages with(Stage ensemble) {
        return new TaskStages(seed, weak, labels, judged, probed, rescored, ensemble, trained, evaluated);
    }

    /** The training of a weak model, a student or the ceiling. */
    Stage training(String id) {
        Stage stage = weak.get(id);
        return stage != null ? stage : trained.get(id);
    }
}
