package dev.chorus.task.slurp;

import dev.chorus.data.DataSource;
import dev.chorus.data.Example;
import dev.chorus.data.ExampleReader;
import dev.chorus.task.ClassLesson;
import dev.chorus.task.Task;
import java.util.List;

/** Which of SLURP's scenarios a sentence belongs to. */
public final class ScenarioTask implements Task<Example> {
    @Override
    public String key() {
        return "scenario";
    }

    @Override
    public String title() {
        return "Scenario classification";
    }

    @Override
    public Kind kind() {
        return Kind.CLASSES;
    }

    @Override
    public List<Example> read(DataSource source) {
        return ExampleReader.read(source);
    }

    @Override
    public ClassLesson<Example> lesson(List<Example> pool) {
        return ClassLesson.of(pool, Example::scenario);
    }
}
