package dev.chorus.task;

import dev.chorus.data.DataException;
import dev.chorus.data.Item;
import dev.chorus.data.Splits;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * A task whose answer is one of several classes.
 *
 * @param classes names, in the order of the model's head
 * @param label   the gold class of an example
 * @param <E>     the task's examples
 */
public record ClassLesson<E extends Item>(List<String> classes, Function<E, String> label) implements Lesson<E> {
    /** The classes of some examples, sorted. */
    public static <E extends Item> ClassLesson<E> of(List<E> pool, Function<E, String> label) {
        return new ClassLesson<>(pool.stream().map(label).distinct().sorted().toList(), label);
    }

    @Override
    public String metric() {
        return "accuracy";
    }

    @Override
    public String gold(E example) {
        return label.apply(example);
    }

    /** [N] index of every gold class. */
    public int[] gold(List<E> examples) {
        return examples.stream()
                .mapToInt(example -> classes.indexOf(label.apply(example)))
                .toArray();
    }

    /** Refuses a class that the weak models are never shown. */
    @Override
    public void check(Splits<E> splits, int taught) {
        Set<String> known = new HashSet<>();
        splits.gold().subList(0, Math.min(taught, splits.gold().size())).forEach(example -> known.add(gold(example)));
        Map<String, List<E>> others = Map.of("weak", splits.weak(), "devel", splits.devel(), "test", splits.test());
        for (String name : List.of("weak", "devel", "test")) {
            for (E example : others.get(name)) {
                if (!known.contains(gold(example))) {
                    throw new DataException(
                            Path.of(name),
                            0,
                            "class '" + gold(example) + "' (id " + example.id() + ") has no example among the " + taught
                                    + " gold sentences that the weak models learn from; take more of them, or leave the class out");
                }
            }
        }
    }
}
