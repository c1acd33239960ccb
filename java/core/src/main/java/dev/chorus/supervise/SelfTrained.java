package dev.chorus.supervise;

import dev.chorus.config.Key;
import dev.chorus.loss.KlLoss;
import dev.chorus.loss.Ramp;
import dev.chorus.loss.SelfTraining;
import dev.chorus.loss.SoftLabelLoss;
import dev.chorus.train.ClassObjective;
import java.util.Optional;

/** Cross-entropy with the student's own answer mixed into the target ({@link SelfTraining}; the code of arXiv:2406.03199). */
public final class SelfTrained extends LossSupervision {
    /**
     * The student's own answer in the target.
     *
     * @param strength at the end of the warm-up
     * @param warmup   share of the training
     * @param jump     as in the original code
     * @param weights  of the weak models
     */
    public record Options(
            @Key(value = "share of the student's own answer in the target", fallback = "0.5", range = "[0,1]")
            double strength,

            @Key(value = "share of the training after which it is reached", fallback = "0.25", range = "[0,1]")
            double warmup,

            @Key(
                    value = "whether it leaps there, as in the original code, instead of rising linearly",
                    fallback = "false")
            boolean jump,

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
        return "self-training";
    }

    @Override
    public String title() {
        return "student, self-training";
    }

    @Override
    public Optional<Class<? extends Record>> options() {
        return Optional.of(Options.class);
    }

    @Override
    public Optional<Record> defaults() {
        return Optional.of(new Options(0.5, 0.25, false, Weighting.mean()));
    }

    private static SoftLabelLoss loss(Options chosen) {
        SelfTraining own = new SelfTraining(new Ramp(chosen.strength(), chosen.warmup(), chosen.jump()));
        KlLoss kl = new KlLoss();
        return (logits, labels, at) -> {
            double[][] targets = new double[labels.length][];
            for (int n = 0; n < targets.length; n++) {
                targets[n] = own.mix(labels[n], logits[n], at.share());
            }
            return kl.of(logits, targets, at);
        };
    }

    @Override
    public ClassObjective classes(ClassSet set, Record options) {
        Options chosen = (Options) options;
        return objective(set, labels(set, chosen.weights()), loss(chosen));
    }
}
