package dev.chorus.supervise;

import dev.chorus.config.Key;
import dev.chorus.loss.ProductLoss;
import dev.chorus.train.ClassObjective;
import java.util.Optional;

/** Cross-entropy against the product of the student's own distribution and the label ({@link ProductLoss}; openai/weak-to-strong). */
public final class Product extends LossSupervision {
    /**
     * The powers.
     *
     * @param beta    of the student's distribution
     * @param alpha   of the label
     * @param weights of the weak models
     */
    public record Options(
            @Key(value = "power of the student's own distribution", fallback = "1", range = "[0,)")
            double beta,

            @Key(value = "power of the label", fallback = "1", range = "[0,)")
            double alpha,

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
        return "product";
    }

    @Override
    public String title() {
        return "student, product loss";
    }

    @Override
    public Optional<Class<? extends Record>> options() {
        return Optional.of(Options.class);
    }

    @Override
    public Optional<Record> defaults() {
        return Optional.of(new Options(1, 1, Weighting.mean()));
    }

    @Override
    public ClassObjective classes(ClassSet set, Record options) {
        Options chosen = (Options) options;
        return objective(set, labels(set, chosen.weights()), new ProductLoss(chosen.beta(), chosen.alpha()));
    }
}
