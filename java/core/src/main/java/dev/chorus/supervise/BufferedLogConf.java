package dev.chorus.supervise;

import dev.chorus.config.Key;
import dev.chorus.loss.BufferedLogConfLoss;
import dev.chorus.loss.ProbabilityBuffer;
import dev.chorus.train.ClassObjective;
import java.util.Optional;

/** The confidence loss of two classes with a threshold over the last batches ({@link BufferedLogConfLoss}; EleutherAI/w2s). */
public final class BufferedLogConf extends LossSupervision {
    /**
     * The student's own answer in the target.
     *
     * @param strength    at the end of the warm-up
     * @param warmupSteps until it is reached
     * @param balance     of the labels' mean log-odds
     * @param buffer      how many of the student's last probabilities are kept
     * @param weights     of the weak models
     */
    public record Options(
            @Key(value = "share of the student's own answer in the target", fallback = "0.5", range = "[0,1]")
            double strength,

            @Key(value = "optimizer steps until it is reached", fallback = "100", range = "[0,)")
            int warmupSteps,

            @Key(value = "whether the labels' mean log-odds is taken out", fallback = "false")
            boolean balance,

            @Key(
                    value = "how many of the student's last probabilities the threshold is a quantile of",
                    fallback = "32",
                    range = "[1,)")
            int buffer,

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
        return "buffered-logconf";
    }

    @Override
    public String title() {
        return "student, confidence loss with a buffer";
    }

    @Override
    public Optional<Class<? extends Record>> options() {
        return Optional.of(Options.class);
    }

    @Override
    public Optional<Record> defaults() {
        return Optional.of(new Options(0.5, 100, false, 32, Weighting.mean()));
    }

    @Override
    public void check(int classes) {
        if (classes != 2) {
            throw new IllegalArgumentException(
                    "buffered-logconf: expected two classes, got " + classes + "; logconf takes any number");
        }
    }

    @Override
    public ClassObjective classes(ClassSet set, Record options) {
        Options chosen = (Options) options;
        return objective(
                set,
                labels(set, chosen.weights()),
                new BufferedLogConfLoss(chosen.strength(), chosen.warmupSteps(), chosen.balance())
                        .with(new ProbabilityBuffer(chosen.buffer())));
    }
}
