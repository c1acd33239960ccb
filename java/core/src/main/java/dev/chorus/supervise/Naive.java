package dev.chorus.supervise;

import dev.chorus.config.Key;
import dev.chorus.task.Task;
import dev.chorus.train.ClassObjective;
import dev.chorus.train.TokenObjective;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * The naive multi-weak ensemble (Cui et al., arXiv:2406.03199): the weak models' losses are added up, each with its weight. Soft
 * cross-entropy on the mean of the class labels, in which that loss is linear; KL to every weak model's own text, its token
 * scores carried over by the word bridge.
 */
public final class Naive implements Supervision {
    /**
     * How the weak models are added up.
     *
     * @param weights of the weak models
     * @param turns   of texts: one weak model's an epoch, or all in every step
     */
    public record Options(
            @Key(value = "how much each weak model counts", fallback = Weighting.MEAN)
            Weighting weights,

            @Key(
                    value =
                            "texts alone: whether an item's texts take turns, one an epoch, at a W-th of the cost of a step; if not, a step sums over all of them, as in the paper",
                    fallback = "true")
            boolean turns)
            implements TeamOptions {
        @Override
        public void check(Team team) {
            weights.check(team);
            if (!turns && team.kind() == Task.Kind.CLASSES) {
                throw new IllegalArgumentException(
                        "turns: expected a task of texts for 'turns: false', got one of classes, where a step always sums; leave the key out");
            }
        }
    }

    @Override
    public String name() {
        return "naive";
    }

    @Override
    public boolean isFollowedUnasked() {
        return true;
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
    public Optional<Class<? extends Record>> options() {
        return Optional.of(Options.class);
    }

    @Override
    public Optional<Record> defaults() {
        return Optional.of(new Options(Weighting.mean(), true));
    }

    @Override
    public ClassObjective classes(ClassSet set, Record options) {
        Weighting weights = ((Options) options).weights();
        return SoftTargets.objective(set, weights.areEven() ? set.aggregate().mean() : ClassWeights.mean(set, weights));
    }

    @Override
    public TokenObjective texts(TextSet set, Record options) {
        Options chosen = (Options) options;
        if (chosen.weights().areEven() && chosen.turns()) {
            return new BridgedObjective(BridgedTargets.of(set), set.weights());
        }
        BridgedTargets.Shared shared = BridgedTargets.of(set, chosen.weights());
        return new BridgedObjective(shared.targets(), shared.shares(), chosen.turns(), set.weights());
    }
}
