package dev.chorus.experiment;

import dev.chorus.stage.Stage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One repetition of one task: the stages whose outputs the results are read from.
 *
 * @param seed      of the repetition
 * @param weak      trained weak models, by name
 * @param labels    their labels
 * @param aggregate the ensemble's view
 * @param trained   students and ceiling, by id
 * @param evaluated every model's evaluation, by id, weak models first
 */
record TaskStages(
        long seed,
        Map<String, Stage> weak,
        List<Stage> labels,
        Stage aggregate,
        Map<String, Stage> trained,
        Map<String, Stage> evaluated) {

    static final String CEILING = "ceiling";

    static Map<String, Stage> ordered() {
        return new LinkedHashMap<>();
    }
}
