package dev.chorus.supervise;

import dev.chorus.labels.ItemWeights;

/**
 * The mean over weak models of the probability that the model's answer is right, by a small classifier on the model's own hidden
 * states that was taught on gold items which the model was not. Ours.
 */
public final class ProbedReliability implements Reliability {
    @Override
    public String name() {
        return "probe";
    }

    @Override
    public boolean probes() {
        return true;
    }

    @Override
    public ItemWeights weights(WeakAnswers answers, Record options) {
        double[] weights = new double[answers.votes().size()];
        for (double[] each : answers.right()) {
            for (int n = 0; n < weights.length; n++) {
                weights[n] += each[n] / answers.right().length;
            }
        }
        return new ItemWeights(weights);
    }
}
