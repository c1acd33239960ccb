package dev.chorus.data;

import dev.chorus.torch.CounterRandom;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Who learns from what: sentences with gold labels for the weak models, sentences that the weak models label, sentences to
 * tune and choose on, and sentences that only measure. No sentence is in two of them.
 *
 * @param gold  the weak models learn from these
 * @param weak  the weak models label these; the ceiling learns from their gold labels
 * @param devel for choices
 * @param test  for the result
 */
public record Splits<E extends Item>(List<E> gold, List<E> weak, List<E> devel, List<E> test) {
    /**
     * Draws gold and weak from a pool, by the seed; sentences that devel or test hold, or that repeat in the pool, as
     * {@link LeakKey} compares them, are left out.
     *
     * @param goldCount  number of sentences with gold labels, at least 1
     * @param weakCount  number of sentences for weak labels, at least 1
     * @param develCount how many of devel to use, from the front; at most all
     * @throws DataException if the pool is too small, or a class or split would be without an example
     */
    public static <E extends Item> Splits<E> draw(
            List<E> pool,
            List<E> devel,
            List<E> test,
            int goldCount,
            int weakCount,
            int develCount,
            long seed,
            String poolName) {
        Set<String> taken = new HashSet<>();
        Set<String> folded = new HashSet<>();
        for (List<E> measured : List.of(devel, test)) {
            for (E example : measured) {
                taken.add(plain(example.text()));
                folded.add(LeakKey.of(example.text()));
            }
        }
        // What differs in case and space alone leaves before the order is drawn. What LeakKey finds besides is
        // replaced in its place by a sentence from behind those that are drawn: all others stay where they are.
        List<E> free = new ArrayList<>();
        for (E example : pool) {
            if (taken.add(plain(example.text()))) {
                free.add(example);
            }
        }
        int[] order = CounterRandom.of(seed, "splits").permutation(free.size());
        // Before anything of that size is made.
        requireEnough(free.size(), goldCount, weakCount, poolName);
        int wanted = goldCount + weakCount;
        List<E> drawn = new ArrayList<>(Collections.nCopies(wanted, null));
        int found = 0;
        for (int i = 0; i < wanted; i++) {
            E example = free.get(order[i]);
            if (folded.add(LeakKey.of(example.text()))) {
                drawn.set(i, example);
                found++;
            }
        }
        int gap = 0;
        for (int i = wanted; i < order.length && found < wanted; i++) {
            E example = free.get(order[i]);
            if (folded.add(LeakKey.of(example.text()))) {
                while (drawn.get(gap) != null) {
                    gap++;
                }
                drawn.set(gap, example);
                found++;
            }
        }
        requireEnough(found, goldCount, weakCount, poolName);
        Splits<E> splits = new Splits<>(
                List.copyOf(drawn.subList(0, goldCount)),
                List.copyOf(drawn.subList(goldCount, wanted)),
                List.copyOf(devel.subList(0, Math.min(develCount, devel.size()))),
                List.copyOf(test));
        splits.refuseLeaks();
        return splits;
    }

    /**
     * Compares all splits with each other by text, as {@link LeakKey} has it.
     *
     * @throws DataException if a sentence is in two, or a split is empty; names both
     */
    public void refuseLeaks() {
        Map<String, String> seen = new HashMap<>();
        Map<String, List<E>> splits = Map.of("gold", gold, "weak", weak, "devel", devel, "test", test);
        for (String name : List.of("gold", "weak", "devel", "test")) {
            if (splits.get(name).isEmpty()) {
                throw new DataException(Path.of(name), 0, "this split is empty");
            }
            for (E example : splits.get(name)) {
                String other = seen.putIfAbsent(key(example), name);
                if (other != null && !other.equals(name)) {
                    throw new DataException(
                            Path.of(name),
                            0,
                            "sentence \"" + example.text() + "\" (id " + example.id() + ") is in split '" + other
                                    + "' too; training and measuring must not share sentences");
                }
            }
        }
    }

    /**
     * Compares plain training text with the test split.
     *
     * @throws DataException if a line is a test sentence; names the line
     */
    public void refuseLeaks(List<String> unlabelled, String name) {
        Set<String> tested = new HashSet<>();
        test.forEach(example -> tested.add(key(example)));
        for (int i = 0; i < unlabelled.size(); i++) {
            if (tested.contains(LeakKey.of(unlabelled.get(i)))) {
                throw new DataException(
                        Path.of(name), i + 1, "this sentence is in split 'test'; remove it before pre-training on it");
            }
        }
    }

    private static void requireEnough(int found, int goldCount, int weakCount, String poolName) {
        long wanted = (long) goldCount + weakCount;
        if (found < wanted) {
            throw new DataException(
                    Path.of(poolName),
                    0,
                    "the pool has " + found + " sentences that devel and test do not hold; gold " + goldCount
                            + " and weak " + weakCount + " need " + wanted);
        }
    }

    private static String key(Item example) {
        return LeakKey.of(example.text());
    }

    private static String plain(String sentence) {
        return sentence.strip().toLowerCase(Locale.ROOT).replaceAll("\\s+", " ");
    }
}
