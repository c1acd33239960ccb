package dev.chorus.supervise;

import dev.chorus.config.Key;
import dev.chorus.loss.LogConfLoss;
import dev.chorus.loss.Ramp;
import dev.chorus.train.ClassObjective;
import java.util.Optional;

/**
 * The label mixed with the student's own hardened answer ({@link LogConfLoss}; Burns et al., arXiv:2312.09390).
 *
 * <p>Of two classes the threshold is a quantile of the batch; a batch of one has none, and is taught the label alone.
 */
public final class LogConf extends LossSupervision {
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

            @Key(value = "share of the training after which it is reached", fallback = "0.1", range = "[0,1]")
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
        return "logconf";
    }

    @Override
    public String title() {
        return "student, confidence loss";
    }

    @Override
    public Optional<Class<? extends Record>> options() {
        return Optional.of(Options.class);
    }

    @Override
    public Optional<Record> defaults() {
        return Optional.of(new Options(0.5, 0.1, false, Weighting.mean()));
    }

    @Override
    public ClassObjective classes(ClassSet set, Record options) {
        Options chosen = (Options) options;
        return objective(set, labels(set, chosen.weights()), (logits, labels, at) -> new LogConfLoss(new Ramp(
                        logits.length == 1 && logits[0].length == 2 ? 0 : chosen.strength(),
                        chosen.warmup(),
                        chosen.jump()))
                .of(logits, labels, at));
    }
}
