package dev.chorus.supervise;

import dev.chorus.config.Key;
import dev.chorus.labels.ItemWeights;
import dev.chorus.reliability.ReliabilityWeights;
import dev.chorus.reliability.UnparseablePolicy;
import dev.chorus.reliability.VoteShares;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Reliability re-weighting (Guo and Yang, arXiv:2406.19032). In the paper one weak model votes K times and every vote is a row with a
 * weight of its own; here each weak model votes once, and an item's weight is the mean of its rows'.
 */
public final class VoteReliability implements Reliability {
    private static final double PAPER = 0.2;

    /**
     * How sharp.
     *
     * @param temperature T of the softmax over vote shares
     */
    public record Options(
            @Key(
                    value = "T of the softmax over vote shares; 0.2 in the paper for five votes, 1 for two",
                    range = "(0,)")
            double temperature) {}

    @Override
    public String name() {
        return "reweighting";
    }

    @Override
    public Optional<Class<? extends Record>> options() {
        return Optional.of(Options.class);
    }

    @Override
    public Optional<Record> defaults() {
        return Optional.of(new Options(PAPER));
    }

    @Override
    public ItemWeights weights(WeakAnswers answers, Record options) {
        ReliabilityWeights rule = new ReliabilityWeights(((Options) options).temperature());
        return new ItemWeights(answers.votes().stream()
                .mapToDouble(votes -> ofItem(rule, votes))
                .toArray());
    }

    /** 0 where nobody answered. */
    private static double ofItem(ReliabilityWeights rule, List<String> votes) {
        return Arrays.stream(rule.of(VoteShares.of(votes, UnparseablePolicy.DROP_ROW)))
                .filter(weight -> weight > 0)
                .average()
                .orElse(0);
    }
}
