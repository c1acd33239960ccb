package dev.chorus.supervise;

import dev.chorus.labels.TextLabels;
import dev.chorus.task.Task;
import dev.chorus.train.ClassObjective;
import dev.chorus.train.LanguageModelObjective;
import dev.chorus.train.TokenObjective;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * One weak model's labels, as in weak-to-strong generalization with a single supervisor (Burns et al., arXiv:2312.09390): those of
 * the model that is best on devel. Soft cross-entropy on its class probabilities; teacher forcing on its best text.
 */
public final class Single implements Supervision {
    @Override
    public String name() {
        return "best";
    }

    @Override
    public String title() {
        return "student of the best weak model";
    }

    @Override
    public Set<Task.Kind> kinds() {
        return EnumSet.allOf(Task.Kind.class);
    }

    @Override
    public ClassObjective classes(ClassSet set, Record options) {
        return SoftTargets.objective(
                set, set.labels().get(set.aggregate().best()).probabilities());
    }

    @Override
    public TokenObjective texts(TextSet set, Record options) {
        TextLabels best = set.labels().get(set.aggregate().best());
        return new LanguageModelObjective(
                IntStream.range(0, set.prompts().size())
                        .mapToObj(
                                n -> set.sequence(n, best.nBest().get(n).get(0).text()))
                        .toList(),
                set.weights());
    }
}
