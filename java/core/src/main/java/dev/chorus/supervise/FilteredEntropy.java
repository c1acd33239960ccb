package dev.chorus.supervise;

import dev.chorus.config.Key;
import dev.chorus.labels.ItemWeights;
import dev.chorus.reliability.EntropyFilter;
import dev.chorus.reliability.UnparseablePolicy;
import dev.chorus.reliability.VoteEntropy;
import dev.chorus.reliability.VoteShares;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Uncertainty filtering (Guo and Yang, arXiv:2406.19032): items of least entropy stay, the others are dropped. In the paper one weak
 * model votes K times; here each weak model votes once.
 */
public final class FilteredEntropy implements Reliability {
    private static final double PAPER = 50;

    /**
     * What stays.
     *
     * @param percentile of the entropies; null if there is a threshold
     * @param threshold  nats; null if there is a percentile
     * @param of         whose entropy
     */
    public record Options(
            @Key(
                    value =
                            "items stay whose entropy is at most this percentile of all, linearly interpolated; ties stay. 50, as in the paper, if there is no `threshold` either",
                    optional = true,
                    range = "[0,100]")
            Double percentile,

            @Key(
                    value = "in place of `percentile`: items stay whose entropy is at most this many nats",
                    optional = true,
                    without = "percentile",
                    range = "[0,)")
            Double threshold,

            @Key(
                    value = "whose entropy: of the weak models' `votes`, or of the aggregator's `posterior`",
                    fallback = "votes")
            Measure of) {}

    /** Whose entropy. */
    public enum Measure {
        /** The weak models' answers, counted. */
        VOTES,
        /** The aggregator's posterior. */
        POSTERIOR
    }

    @Override
    public String name() {
        return "entropy-filter";
    }

    @Override
    public Optional<Class<? extends Record>> options() {
        return Optional.of(Options.class);
    }

    @Override
    public Optional<Record> defaults() {
        return Optional.of(new Options(PAPER, null, Measure.VOTES));
    }

    @Override
    public ItemWeights weights(WeakAnswers answers, Record options) {
        Options chosen = (Options) options;
        double[] entropy = chosen.of() == Measure.POSTERIOR
                ? answers.entropy()
                : answers.votes().stream().mapToDouble(FilteredEntropy::ofVotes).toArray();
        double percentile = chosen.percentile() == null ? PAPER : chosen.percentile();
        EntropyFilter filter = chosen.threshold() == null
                ? EntropyFilter.percentile(percentile)
                : EntropyFilter.threshold(chosen.threshold());
        boolean[] keep = filter.keep(entropy);
        double[] weights = new double[keep.length];
        Arrays.setAll(weights, n -> keep[n] ? 1 : 0);
        if (Arrays.stream(weights).sum() == 0) {
            throw new IllegalArgumentException("entropy-filter: no item has an entropy of at most "
                    + filter.limit(entropy) + "; raise its threshold, or use a percentile");
        }
        return new ItemWeights(weights);
    }

    private static double ofVotes(List<String> votes) {
        return VoteEntropy.of(VoteShares.of(votes, UnparseablePolicy.DROP_ROW));
    }
}
