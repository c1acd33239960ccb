package dev.chorus.aggregate;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Votes over texts: every weak model's generated answer is one vote, equal strings are the same answer.
 *
 * <p>An answer that could not be read is null and is left out. The entropy of the rest says how far the models
 * disagree, the measure by which Guo and Yang, arXiv:2406.19032, filter weak labels; bring the texts to one form before
 * (order of slots, case), or spelling counts as disagreement.
 */
public final class TextVotes {

    private TextVotes() {}

    /**
     * Number of votes of every answer.
     *
     * @param texts answers of W weak models; null for none; copied
     * @return unmodifiable; in the order in which the answers first appear
     */
    public static Map<String, Integer> counts(List<String> texts) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        texts.stream().filter(Objects::nonNull).forEach(text -> counts.merge(text, 1, Integer::sum));
        return Collections.unmodifiableMap(counts);
    }

    /**
     * Entropy of the votes, {@code -sum_a (c_a / n) ln(c_a / n)} over the n answers that are not null.
     *
     * @param texts answers of W weak models; null for none
     * @return nats, 0 (all agree) to ln n (all differ); NaN if every answer is null
     */
    public static double entropy(List<String> texts) {
        Map<String, Integer> counts = counts(texts);
        if (counts.isEmpty()) {
            return Double.NaN;
        }
        int n = counts.values().stream().mapToInt(Integer::intValue).sum();
        double entropy = 0;
        for (int count : counts.values()) {
            double share = (double) count / n;
            entropy -= share * Math.log(share);
        }
        // A unanimous vote gives -0.0.
        return Math.max(0, entropy);
    }

    /**
     * The answer with most votes.
     *
     * @param texts answers of W weak models; null for none
     * @return the first to appear on ties; empty if every answer is null
     */
    public static Optional<String> winner(List<String> texts) {
        String best = null;
        int most = 0;
        for (Map.Entry<String, Integer> entry : counts(texts).entrySet()) {
            if (entry.getValue() > most) {
                most = entry.getValue();
                best = entry.getKey();
            }
        }
        return Optional.ofNullable(best);
    }
}
