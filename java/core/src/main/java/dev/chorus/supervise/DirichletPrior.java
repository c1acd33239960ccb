package dev.chorus.supervise;

import dev.chorus.config.Key;
import dev.chorus.loss.DirichletPriorLoss;
import dev.chorus.train.ClassObjective;
import java.util.Optional;

/** The density of the label under the student's Dirichlet, beside a KL term ({@link DirichletPriorLoss}; arXiv:2203.04443). */
public final class DirichletPrior extends LossSupervision {
    /**
     * The form.
     *
     * @param floor   least entry of a label
     * @param weights of the weak models
     */
    public record Options(
            @Key(
                    value = "least entry of a label; smaller ones are moved inwards",
                    fallback = "1.0e-6",
                    range = "(0,0.5)")
            double floor,

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
        return "dirichlet-prior";
    }

    @Override
    public String title() {
        return "student, Dirichlet prior";
    }

    @Override
    public Optional<Class<? extends Record>> options() {
        return Optional.of(Options.class);
    }

    @Override
    public Optional<Record> defaults() {
        return Optional.of(new Options(DirichletPriorLoss.DEFAULT_FLOOR, Weighting.mean()));
    }

    @Override
    public ClassObjective classes(ClassSet set, Record options) {
        Options chosen = (Options) options;
        return objective(set, labels(set, chosen.weights()), new DirichletPriorLoss(chosen.floor()));
    }
}
