package dev.chorus.supervise;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Preference pairs out of the weak models' own disagreement: the text with most support is preferred to the one with least.
 * Ours; no student has to generate first.
 */
public final class DisagreementPairs {
    private static final String NAME = "disagreement pairs";

    private DisagreementPairs() {}

    /**
     * A pair of one item.
     *
     * @param chosen     the text with most support
     * @param rejected   the text with least
     * @param confidence that it is this way round, from the supports
     */
    public record Pair(String chosen, String rejected, PairConfidence confidence) {}

    /**
     * The pair of one item.
     *
     * @param texts [W] each weak model's best text; null for a missing answer
     * @param omega [W] weights of the models, at least 0, sum 1
     * @return empty if all agree, or all texts have the same support
     */
    public static Optional<Pair> choose(List<String> texts, double[] omega) {
        ModelWeights.requireSumOne(NAME, omega);
        if (texts.size() != omega.length) {
            throw new IllegalArgumentException(
                    NAME + ": expected a text of each of " + omega.length + " weak models, got " + texts.size());
        }
        Map<String, Double> support = new LinkedHashMap<>();
        for (int i = 0; i < omega.length; i++) {
            if (texts.get(i) != null) {
                support.merge(texts.get(i), omega[i], Double::sum);
            }
        }
        String chosen = null;
        String rejected = null;
        for (Map.Entry<String, Double> entry : support.entrySet()) {
            // The first on ties, on both sides.
            if (chosen == null || entry.getValue() > support.get(chosen)) {
                chosen = entry.getKey();
            }
            if (rejected == null || entry.getValue() < support.get(rejected)) {
                rejected = entry.getKey();
            }
        }
        if (chosen == null || support.get(chosen) <= support.get(rejected)) {
            return Optional.empty();
        }
        return Optional.of(
                new Pair(chosen, rejected, PairConfidence.ofShares(support.get(chosen), support.get(rejected))));
    }
}
