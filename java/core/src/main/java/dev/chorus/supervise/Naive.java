package dev.chorus.supervise;

import dev.chorus.task.Task;
import dev.chorus.train.ClassObjective;
import dev.chorus.train.TokenObjective;
import java.util.EnumSet;
import java.util.Set;

/**
 * The naive multi-weak ensemble (Cui et al., arXiv:2406.03199): every weak model's label counts alike. Soft cross-entropy on the
 * mean of the class labels; KL to every weak model's own text, its token scores carried over by the word bridge.
 */
public final class Naive implements Supervision {
    @Override
    public String name() {
        return "naive";
    }

    @Override
    public String title() {
        return "student, naive multi-weak";
    }

    @Override
    public Set<Task.Kind> kinds() {
        return EnumSet.allOf(Task.Kind.class);
    }

    @Override
    public ClassObjective classes(ClassSet set, Record options) {
        return SoftTargets.objective(set, set.aggregate().mean());
    }

    @Override
    public TokenObjective texts(TextSet set, Record options) {
        return new BridgedObjective(BridgedTargets.of(set), set.weights());
    }
}
