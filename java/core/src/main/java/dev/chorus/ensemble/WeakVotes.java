package dev.chorus.ensemble;

import dev.chorus.aggregate.votes.Names;
import dev.chorus.aggregate.votes.Votes;
import dev.chorus.math.Argmax;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Weak models' labels as the votes that an aggregator takes: one task an item, one labeler a weak model. */
public final class WeakVotes {
    private final List<Integer> tasks = new ArrayList<>();
    private final List<Integer> labelers = new ArrayList<>();
    private final List<Integer> labels = new ArrayList<>();
    private final List<Float> probabilities = new ArrayList<>();

    private WeakVotes() {}

    /**
     * Votes for classes: the most probable one, with its probability.
     *
     * @param labelers names
     * @param classes  names
     * @param rows     [W][N][K] soft labels; a null row is no vote
     * @param gold     [N] class index, or {@link Votes#MISSING}
     */
    public static Votes ofClasses(List<String> labelers, List<String> classes, List<double[][]> rows, int[] gold) {
        WeakVotes votes = new WeakVotes();
        for (int n = 0; n < gold.length; n++) {
            for (int i = 0; i < rows.size(); i++) {
                double[] row = rows.get(i)[n];
                if (row != null) {
                    int label = Argmax.of(row);
                    votes.add(n, i, label, (float) Math.min(1, row[label]));
                }
            }
        }
        return votes.votes(gold.length, labelers, Names.of(classes)).withGold(gold);
    }

    /**
     * Votes for texts.
     *
     * @param votes   what was said
     * @param classes the number of every text among the votes' classes
     */
    public record Texts(Votes votes, Map<String, Integer> classes) {}

    /**
     * Votes for texts: every different text is a class.
     *
     * @param labelers names
     * @param answers  [N][W] texts; null for no vote
     * @param gold     [N] the gold text; null for none
     */
    public static Texts ofTexts(List<String> labelers, List<List<String>> answers, List<String> gold) {
        WeakVotes votes = new WeakVotes();
        Map<String, Integer> classes = new LinkedHashMap<>();
        int[] known = new int[answers.size()];
        for (int n = 0; n < known.length; n++) {
            for (int i = 0; i < labelers.size(); i++) {
                String text = answers.get(n).get(i);
                if (text != null) {
                    votes.add(n, i, number(classes, text), Float.NaN);
                }
            }
            known[n] = gold.get(n) == null ? Votes.MISSING : number(classes, gold.get(n));
        }
        // Texts may be anything; numbered classes need no more than their number.
        List<String> names =
                classes.values().stream().map(each -> "text " + each).toList();
        return new Texts(votes.votes(known.length, labelers, Names.of(names)).withGold(known), classes);
    }

    private static int number(Map<String, Integer> classes, String text) {
        return classes.computeIfAbsent(text, each -> classes.size());
    }

    private void add(int task, int labeler, int label, float probability) {
        tasks.add(task);
        labelers.add(labeler);
        labels.add(label);
        probabilities.add(probability);
    }

    private Votes votes(int items, List<String> names, Names classes) {
        List<String> numbers = new ArrayList<>();
        for (int n = 0; n < items; n++) {
            numbers.add("item " + n);
        }
        float[] own = null;
        if (probabilities.stream().noneMatch(p -> Float.isNaN(p))) {
            own = new float[probabilities.size()];
            for (int v = 0; v < own.length; v++) {
                own[v] = probabilities.get(v);
            }
        }
        return Votes.of(Names.of(numbers), Names.of(names), classes, ints(tasks), ints(labelers), ints(labels), own);
    }

    private static int[] ints(List<Integer> values) {
        return values.stream().mapToInt(Integer::intValue).toArray();
    }
}
