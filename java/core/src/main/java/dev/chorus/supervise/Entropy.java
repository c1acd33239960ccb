package dev.chorus.supervise;

import dev.chorus.config.Key;
import dev.chorus.labels.ItemWeights;
import dev.chorus.reliability.UncertaintyWeights;
import java.util.Optional;

/** Weights that fall with the entropy of the aggregator's posterior; 1 for the surest item. Ours. */
public final class Entropy implements Reliability {
    /**
     * How fast they fall.
     *
     * @param temperature entropy, above the surest item's, at which the weight is 1/e
     */
    public record Options(
            @Key(value = "nats of entropy, above the surest item's, at which the weight is 1/e", range = "(0,)")
            double temperature) {}

    @Override
    public String name() {
        return "entropy";
    }

    @Override
    public Optional<Class<? extends Record>> options() {
        return Optional.of(Options.class);
    }

    @Override
    public Optional<Record> defaults() {
        return Optional.of(new Options(1));
    }

    @Override
    public ItemWeights weights(WeakAnswers answers, Record options) {
        return new ItemWeights(UncertaintyWeights.ofUncertainty(answers.entropy(), ((Options) options).temperature()));
    }
}
