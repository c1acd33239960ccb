package dev.chorus.supervise;

import dev.chorus.config.Key;
import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.labels.ClassLabels;
import dev.chorus.loss.BridgedEvidentialLoss;
import dev.chorus.loss.EvidentialClassLoss;
import dev.chorus.task.Task;
import dev.chorus.train.ClassObjective;
import dev.chorus.train.ClassificationObjective;
import dev.chorus.train.TokenObjective;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * The Bayesian multi-weak ensemble (Cui et al., arXiv:2406.03199, on Sensoy et al., arXiv:1806.01768): logits are evidence for a
 * Dirichlet over the classes, and every weak label is an observation of it.
 */
public final class Bayesian implements Supervision {
    /**
     * The evidential loss.
     *
     * @param evidence exp, softplus or relu
     * @param klWeight of the term that pulls misleading evidence down, at the end of its annealing
     * @param labels   what is observed: each weak model's label, or one, the aggregator's posterior
     * @param weights  of the weak models, where each is observed
     * @param turns    of texts: one weak model's an epoch, or all in every step
     */
    public record Options(
            @Key("how logits become evidence") Evidence evidence,

            @Key(
                    value = "of the term that pulls misleading evidence down; reached linearly over the training",
                    range = "[0,)")
            double klWeight,

            @Key(
                    value = "what is observed: `each` weak model's label, or the aggregator's `posterior` as one label",
                    fallback = "each")
            Observed labels,

            @Key(value = "how much each weak model counts, where `labels` is each", fallback = Weighting.MEAN)
            Weighting weights,

            @Key(
                    value =
                            "texts alone: whether an item's texts take turns, one an epoch; if not, a step sums over all of them, as in the paper",
                    fallback = "true")
            boolean turns)
            implements TeamOptions {
        @Override
        public void check(Team team) {
            weights.check(team);
            if (!turns && team.kind() == Task.Kind.CLASSES) {
                throw new IllegalArgumentException(
                        "turns: expected a task of texts for 'turns: false', got one of classes, where a step always sums; leave the key out");
            }
            if (labels == Observed.POSTERIOR && team.kind() == Task.Kind.TEXTS) {
                throw new IllegalArgumentException(
                        "labels: expected each for a task of texts, got posterior; 'aggregate' teaches the aggregator's text");
            }
            if (labels == Observed.POSTERIOR && !weights.areEven()) {
                throw new IllegalArgumentException(
                        "weights: expected nothing beside 'labels: posterior', which is one label, got "
                                + weights.by());
            }
        }
    }

    /** What the evidential loss observes. */
    public enum Observed {
        /** Every weak model's label. */
        EACH,
        /** The aggregator's posterior. */
        POSTERIOR
    }

    @Override
    public String name() {
        return "bayesian";
    }

    @Override
    public String title() {
        return "student, Bayesian multi-weak";
    }

    @Override
    public Set<Task.Kind> kinds() {
        return EnumSet.allOf(Task.Kind.class);
    }

    @Override
    public Optional<Class<? extends Record>> options() {
        return Optional.of(Options.class);
    }

    @Override
    public Optional<Evidence> readout(Record options) {
        return Optional.of(((Options) options).evidence());
    }

    @Override
    public boolean needsUncappedHead() {
        return true;
    }

    @Override
    public ClassObjective classes(ClassSet set, Record options) {
        Options chosen = (Options) options;
        EvidentialClassLoss loss = new EvidentialClassLoss(chosen.evidence(), chosen.klWeight());
        if (chosen.labels() == Observed.POSTERIOR) {
            double[][] posterior = set.aggregate().posterior();
            return objective(set, loss, item -> new double[][] {posterior[item]}, null);
        }
        return objective(
                set,
                loss,
                item -> set.labels().stream()
                        .map((ClassLabels each) -> each.probabilities()[item])
                        .toArray(double[][]::new),
                chosen.weights().areEven() ? null : ClassWeights.of(set, chosen.weights()));
    }

    /** Every weak model's own text, its token scores carried over by the word bridge. */
    @Override
    public TokenObjective texts(TextSet set, Record options) {
        Options chosen = (Options) options;
        BridgedEvidentialLoss loss = new BridgedEvidentialLoss(chosen.evidence(), chosen.klWeight());
        BridgedTargets.Shared shared = BridgedTargets.of(set, chosen.weights());
        return new BridgedObjective(
                shared.targets(),
                chosen.weights().areEven() ? null : shared.shares(),
                chosen.turns(),
                set.weights(),
                (rows, scores, weights, at) ->
                        loss.of(rows.hidden(), rows.head(), rows.into(), rows.targets(), scores, weights, at.share()));
    }

    /**
     * The objective.
     *
     * @param labels [W][K] of an item; a null row is a missing answer
     * @param lambda [N][W] weights of the labels, summing to 1; null for alike
     */
    private static ClassObjective objective(
            ClassSet set, EvidentialClassLoss loss, IntFunction<double[][]> labels, double[][] lambda) {
        return new ClassificationObjective(
                set.inputs(),
                set.weights(),
                item -> lambda == null
                        ? Arrays.stream(labels.apply(item)).anyMatch(Objects::nonNull)
                        : Arrays.stream(lambda[item]).sum() > 0,
                (logits, items, weights, total, at) -> {
                    double[][][] answers = new double[items.length][][];
                    double[][] shares = lambda == null ? null : new double[items.length][];
                    for (int i = 0; i < answers.length; i++) {
                        answers[i] = labels.apply(items[i]);
                        if (shares != null) {
                            shares[i] = lambda[items[i]];
                        }
                    }
                    return loss.of(logits, answers, shares, weights, total, at.share());
                });
    }
}
