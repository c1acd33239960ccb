package dev.chorus.supervise;

import dev.chorus.loss.SoftCrossEntropyLoss;
import dev.chorus.task.Task;
import dev.chorus.train.ClassObjective;
import dev.chorus.train.ClassificationObjective;
import dev.chorus.train.LanguageModelObjective;
import dev.chorus.train.TokenObjective;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.IntStream;

/** Gold labels: how weak models are taught, and the ceiling of what a student could reach. */
public final class Gold implements Supervision {
    /** What the ceiling is called. */
    public static final String NAME = "ceiling";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String title() {
        return "ceiling (gold labels)";
    }

    @Override
    public Set<Task.Kind> kinds() {
        return EnumSet.allOf(Task.Kind.class);
    }

    @Override
    public ClassObjective classes(ClassSet set, Record options) {
        return new ClassificationObjective(
                set.inputs(), set.weights(), item -> true, (logits, items, weights, total, at) -> {
                    double[][] labels = new double[items.length][set.classes()];
                    for (int i = 0; i < labels.length; i++) {
                        labels[i][set.gold()[items[i]]] = 1;
                    }
                    return SoftCrossEntropyLoss.of(logits, labels, weights, total);
                });
    }

    @Override
    public TokenObjective texts(TextSet set, Record options) {
        return new LanguageModelObjective(
                IntStream.range(0, set.gold().size())
                        .mapToObj(n -> set.sequence(n, set.gold().get(n)))
                        .toList(),
                set.weights());
    }
}
