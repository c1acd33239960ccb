package dev.chorus.supervise;

import dev.chorus.config.Key;
import dev.chorus.loss.EntropyConfidenceLoss;
import dev.chorus.train.ClassObjective;
import java.util.Optional;

/** The label mixed with the student's own distribution ({@link EntropyConfidenceLoss}; EleutherAI/w2s). */
public final class EntropyConfidence extends LossSupervision {
    /**
     * The mixture.
     *
     * @param strength    of the student's own distribution
     * @param warmupSteps until it is reached
     * @param weights     of the weak models
     */
    public record Options(
            @Key(value = "share of the student's own distribution in the target", fallback = "0.5", range = "[0,1]")
            double strength,

            @Key(value = "optimizer steps until it is reached", fallback = "100", range = "[0,)")
            int warmupSteps,

            @Key(
                    value = "how much each weak model counts in the label; all alike is the aggregator's posterior",
                    fallback = Weighting.MEAN)
            Weighting weights)
            implements TeamOptions {
        @Override
        public void check(Team team) {
            weights.check(team);
        }
    }

    @Override
    public String name() {
        return "entropy-confidence";
    }

    @Override
    public String title() {
        return "student, entropy loss";
    }

    @Override
    public Optional<Class<? extends Record>> options() {
        return Optional.of(Options.class);
    }

    @Override
    public Optional<Record> defaults() {
        return Optional.of(new Options(0.5, 100, Weighting.mean()));
    }

    @Override
    public ClassObjective classes(ClassSet set, Record options) {
        Options chosen = (Options) options;
        return objective(
                set, labels(set, chosen.weights()), new EntropyConfidenceLoss(chosen.strength(), chosen.warmupSteps()));
    }
}
