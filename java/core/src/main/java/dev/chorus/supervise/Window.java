package dev.chorus.supervise;

import dev.chorus.config.Key;
import dev.chorus.loss.ConfidenceWindowLoss;
import dev.chorus.train.ClassObjective;
import java.util.Optional;

/** Cross-entropy where the student is still unsure ({@link ConfidenceWindowLoss}; EleutherAI/w2s). */
public final class Window extends LossSupervision {
    /**
     * The window.
     *
     * @param radius  around 0.5
     * @param weights of the weak models
     */
    public record Options(
            @Key(
                    value = "items count whose largest probability is below 0.5 and this",
                    fallback = "0.15",
                    range = "(0,)")
            double radius,

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
        return "window";
    }

    @Override
    public String title() {
        return "student, window loss";
    }

    @Override
    public Optional<Class<? extends Record>> options() {
        return Optional.of(Options.class);
    }

    @Override
    public Optional<Record> defaults() {
        return Optional.of(new Options(0.15, Weighting.mean()));
    }

    @Override
    public ClassObjective classes(ClassSet set, Record options) {
        Options chosen = (Options) options;
        return objective(set, labels(set, chosen.weights()), new ConfidenceWindowLoss(chosen.radius()));
    }
}
