package dev.chorus.experiment;

import dev.chorus.aggregate.Posteriors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an aggregator holds of the texts that were written for one item. A model of few classes gives some probability to texts
 * of other items; that is shared out among the item's own.
 *
 * @param winner     the most probable text; the first on ties
 * @param confidence its probability
 * @param entropy    nats
 */
record TextPosterior(String winner, double confidence, double entropy) {
    /**
     * The texts of an item.
     *
     * @param classes the number of every text
     * @param votes   [W] texts; null for none, not all null
     */
    static TextPosterior of(Posteriors posteriors, int item, Map<String, Integer> classes, List<String> votes) {
        Map<String, Double> probabilities = new LinkedHashMap<>();
        double mass = 0;
        for (String text : votes) {
            if (text != null && !probabilities.containsKey(text)) {
                double p = posteriors.probability(item, classes.get(text));
                probabilities.put(text, p);
                mass += p;
            }
        }
        String winner = null;
        double most = -1;
        double entropy = 0;
        for (Map.Entry<String, Double> each : probabilities.entrySet()) {
            // Where all were given nothing, nothing tells them apart.
            double p = mass > 0 ? each.getValue() / mass : 1.0 / probabilities.size();
            entropy -= p > 0 ? p * Math.log(p) : 0;
            if (p > most) {
                most = p;
                winner = each.getKey();
            }
        }
        return new TextPosterior(winner, most, Math.max(0, entropy));
    }
}
