package dev.chorus.supervise;

import dev.chorus.task.Task;
import dev.chorus.train.ClassObjective;
import dev.chorus.train.LanguageModelObjective;
import dev.chorus.train.TokenObjective;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What the task's aggregator makes of the weak labels. Soft cross-entropy on its posterior; teacher forcing on the text that it holds
 * most probable.
 */
public final class Aggregated implements Supervision {
    @Override
    public String name() {
        return "aggregate";
    }

    @Override
    public String title() {
        return "student of the aggregated labels";
    }

    @Override
    public Set<Task.Kind> kinds() {
        return EnumSet.allOf(Task.Kind.class);
    }

    @Override
    public ClassObjective classes(ClassSet set, Record options) {
        return SoftTargets.objective(set, set.aggregate().posterior());
    }

    @Override
    public TokenObjective texts(TextSet set, Record options) {
        return new LanguageModelObjective(
                IntStream.range(0, set.prompts().size())
                        .mapToObj(n -> set.sequence(n, set.aggregate().winner().get(n)))
                        .toList(),
                set.weights());
    }
}
