package dev.chorus.supervise;

import dev.chorus.config.Choices;
import dev.chorus.labels.ItemWeights;
import java.util.List;

/** The reliabilities that a configuration may name. */
public final class Reliabilities {
    /** Every item counts alike. */
    public static final String NONE = "none";

    /** One line each. */
    public static final Choices<Reliability> ALL = new Choices<>(
            "reliability",
            Reliability::name,
            List.of(
                    new Alike(),
                    new Agreement(),
                    new Confidence(),
                    new Entropy(),
                    new ProbedReliability(),
                    new FilteredEntropy(),
                    new VoteReliability()));

    private Reliabilities() {}

    private static final class Alike implements Reliability {
        @Override
        public String name() {
            return NONE;
        }

        @Override
        public ItemWeights weights(WeakAnswers answers, Record options) {
            return ItemWeights.even(answers.votes().size());
        }
    }
}
