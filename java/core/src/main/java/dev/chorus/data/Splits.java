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
public record Splits(List<Example> gold, List<Example> weak, List<Example> devel, List<Example> test) {
    /**
     * Draws gold and weak from a pool, by the seed; sentences that devel or test hold, or that repeat in the pool, as
     * {@link LeakKey} compares them, are left out.
     *
     * @param goldCount  number of sentences with gold labels, at least 1
     * @param weakCount  number of sentences for weak labels, at least 1
     * @param develCount how many of devel to use, from the front; at most all
     * @throws DataException if the pool is too small, or a class or split would be without an example
     */
    public static Splits draw(
            List<Example> pool,
            List<Example> devel,
            List<Example> test,
            int goldCount,
            int weakCount,
            int develCount,
            long seed,
            String poolName) {
        Set<String> taken = new HashSet<>();
        Set<String> folded = new HashSet<>();
        for (List<Example> measured : List.of(devel, test)) {
            for (Example example : measured) {
                taken.add(plain(example.sentence()));
                folded.add(LeakKey.of(example.sentence()));
            }
        }
        // What is the same but for case and space leaves before the order is drawn, what is the same but for accents'
        // encoding and
        // outer punctuation when its turn comes: a pool that has none of the latter keeps its draw.
        List<Example> free = new ArrayList<>();
        for (Example example : pool) {
            if (taken.add(plain(example.sentence()))) {
                free.add(example);
            }
        }
        int[] order = CounterRandom.of(seed, "splits").permutation(free.size());
        List<Example> gold = new ArrayList<>();
        List<Example> weak = new ArrayList<>();
        int distinct = 0;
        for (int place : order) {
            Example example = free.get(place);
            if (folded.add(LeakKey.of(example.sentence()))) {
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
        Splits splits = new Splits(
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
        Map<String, List<Example>> splits = Map.of("gold", gold, "weak", weak, "devel", devel, "test", test);
        for (String name : List.of("gold", "weak", "devel", "test")) {
            if (splits.get(name).isEmpty()) {
                throw new DataException(Path.of(name), 0, "this split is empty");
            }
            for (Example example : splits.get(name)) {
                String other = seen.putIfAbsent(key(example), name);
                if (other != null && !other.equals(name)) {
                    throw new DataException(
                            Path.of(name),
                            0,
                            "sentence \"" + example.sentence() + "\" (id " + example.id() + ") is in split '" + other
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

    /**
     * Compares the classes of all splits with those of the gold sentences.
     *
     * @throws DataException if weak, devel or test hold a class that no gold example has
     */
    public void refuseUntaughtScenarios() {
        Set<String> classes = new HashSet<>();
        gold.forEach(example -> classes.add(example.scenario()));
        Map<String, List<Example>> others = Map.of("weak", weak, "devel", devel, "test", test);
        for (String name : List.of("weak", "devel", "test")) {
            for (Example example : others.get(name)) {
                if (!classes.contains(example.scenario())) {
                    throw new DataException(
                            Path.of(name),
                            0,
                            "scenario '" + example.scenario() + "' (id " + example.id()
                                    + ") has no example among the " + gold.size()
                                    + " gold sentences; raise data.gold or drop the class");
                }
            }
        }
    }

    private static String key(Example example) {
        return LeakKey.of(example.sentence());
    }

    private static String plain(String sentence) {
        return sentence.strip().toLowerCase(Locale.ROOT).replaceAll("\\s+", " ");
    }
}
