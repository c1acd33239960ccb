package dev.chorus.supervise;

import dev.chorus.labels.ItemWeights;

/** The probability that the task's aggregator gives its own answer. */
public final class Confidence implements Reliability {
    @Override
    public String name() {
        return "confidence";
    }

    @Override
    public ItemWeights weights(WeakAnswers answers, Record options) {
        return new ItemWeights(answers.confidence());
    }
}
