package dev.chorus.supervise;

import dev.chorus.config.Key;
import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.labels.ClassLabels;
import dev.chorus.loss.EvidentialClassLoss;
import dev.chorus.task.Task;
import dev.chorus.train.ClassObjective;
import dev.chorus.train.ClassificationObjective;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

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
     */
    public record Options(
            @Key("how logits become evidence") Evidence evidence,

            @Key(
                    value = "of the term that pulls misleading evidence down; reached linearly over the training",
                    range = "[0,)")
            double klWeight) {}

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
        return EnumSet.of(Task.Kind.CLASSES);
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
    public ClassObjective classes(ClassSet set, Record options) {
        Options chosen = (Options) options;
        EvidentialClassLoss loss = new EvidentialClassLoss(chosen.evidence(), chosen.klWeight());
        return new ClassificationObjective(
                set.inputs(),
                set.weights(),
                item -> set.labels().stream().anyMatch(each -> each.probabilities()[item] != null),
                (logits, items, weights, total, at) -> {
                    double[][][] answers = new double[items.length][][];
                    for (int i = 0; i < answers.length; i++) {
                        answers[i] = answers(set, items[i]);
                    }
                    return loss.of(logits, answers, weights, total, at.share());
                });
    }

    private static double[][] answers(ClassSet set, int item) {
        return set.labels().stream()
                .map((ClassLabels each) -> each.probabilities()[item])
                .toArray(double[][]::new);
    }
}
