package dev.chorus.supervise;

import dev.chorus.aggregate.TextVotes;
import dev.chorus.labels.ItemWeights;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** The share of the weak models that gave the most frequent answer; 0 where none answered. */
public final class Agreement implements Reliability {
    @Override
    public String name() {
        return "agreement";
    }

    @Override
    public ItemWeights weights(WeakAnswers answers, Record options) {
        List<List<String>> votes = answers.votes();
        double[] weights = new double[votes.size()];
        for (int n = 0; n < weights.length; n++) {
            Map<String, Integer> counts = TextVotes.counts(votes.get(n));
            int given = counts.values().stream().mapToInt(Integer::intValue).sum();
            weights[n] = given == 0 ? 0 : (double) Collections.max(counts.values()) / given;
        }
        return new ItemWeights(weights);
    }
}
