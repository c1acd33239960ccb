package dev.chorus.task;

import dev.chorus.config.Choices;
import dev.chorus.task.slurp.ScenarioTask;
import dev.chorus.task.slurp.SlotTask;
import java.util.List;

/** The tasks that a configuration may name. */
public final class Tasks {
    /** One line each. */
    public static final Choices<Task<?>> ALL =
            new Choices<>("task", Task::key, List.of(new ScenarioTask(), new SlotTask()));

    private Tasks() {}
}
