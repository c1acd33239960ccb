package dev.chorus.supervise;

import dev.chorus.config.Key;
import dev.chorus.loss.ReverseKlLoss;
import dev.chorus.train.ClassObjective;
import java.util.Optional;

/** The divergence of the student from the label ({@link ReverseKlLoss}): classes that the student has given up cost nothing. */
public final class ReverseKl extends LossSupervision {
    /**
     * The form.
     *
     * @param floor        least label inside the logarithm
     * @param crossEntropy whether the student's own entropy is left out
     * @param weights      of the weak models
     */
    public record Options(
            @Key(value = "least label inside the logarithm", fallback = "1.0e-4", range = "(0,1)")
            double floor,

            @Key(value = "whether the student's own entropy is left out: reverse cross-entropy", fallback = "false")
            boolean crossEntropy,

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
        return "reverse-kl";
    }

    @Override
    public String title() {
        return "student, reverse KL";
    }

    @Override
    public Optional<Class<? extends Record>> options() {
        return Optional.of(Options.class);
    }

    @Override
    public Optional<Record> defaults() {
        return Optional.of(new Options(ReverseKlLoss.DEFAULT_FLOOR, false, Weighting.mean()));
    }

    @Override
    public ClassObjective classes(ClassSet set, Record options) {
        Options chosen = (Options) options;
        return objective(set, labels(set, chosen.weights()), new ReverseKlLoss(chosen.floor(), chosen.crossEntropy()));
    }
}
