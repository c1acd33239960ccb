package dev.chorus.data;

import dev.chorus.torch.CounterRandom;
import java.nio.file.Path;
import java.util.ArrayList;
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
        // What is the same but for case and space leaves before the order is drawn, what is the same but for accents'
        // encoding and outer
        // punctuation when its turn comes: a pool that has none of the latter keeps its draw.
        List<E> free = new ArrayList<>();
        for (E example : pool) {
            if (taken.add(plain(example.text()))) {
                free.add(example);
            }
        }
        int[] order = CounterRandom.of(seed, "splits").permutation(free.size());
        List<E> gold = new ArrayList<>();
        List<E> weak = new ArrayList<>();
        int distinct = 0;
        for (int place : order) {
            E example = free.get(place);
            if (folded.add(LeakKey.of(example.text()))) {
                if (distinct < goldCount + weakCount) {
                    (distinct < goldCount ? gold : weak).add(example);
                }
                distinct++;
            }
        }
        if (distinct < goldCount + weakCount) {
            throw new DataException(
                    Path.of(poolName),
                    0,
                    "the pool has " + distinct + " sentences that devel and test do not hold; gold " + goldCount
                            + " and weak " + weakCount + " need " + (goldCount + weakCount));
        }
        Splits<E> splits = new Splits<>(
                List.copyOf(gold),
                List.copyOf(weak),
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

    private static String key(Item example) {
        return LeakKey.of(example.text());
    }

    private static String plain(String sentence) {
        return sentence.strip().toLowerCase(Locale.ROOT).replaceAll("\\s+", " ");
    }
}
