package dev.chorus.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleBiFunction;

/**
 * SLU-F1: slot filling scored with partial credit for fillers that are nearly right.
 *
 * <p>Predictions are taken in order. If a gold entity of the same type is still unused, the one at the least distance
 * {@code d} is used up (the first on ties): TP + 1, FP + d, FN + d. Otherwise FP + 1. Gold entities left over: FN + 1
 * each. This is done twice, with
 *
 * <pre>{@code
 * word distance      = word edits / words of the gold filler           may exceed 1
 * character distance = character edits / length of the longer filler   0 to 1
 * }</pre>
 *
 * <p>and SLU-F1 is the F1 of both runs' counts added up over the corpus. A gold filler without words is at distance 0
 * from an empty prediction and 1 from any other. Exact-span F1 counts equal (type, filler) pairs, each gold entity
 * once.
 *
 * <p>Bastianelli et al. 2020, "SLURP: A Spoken Language Understanding Resource Package", and the evaluation tool that
 * comes with it, whose figures this class reproduces. Differs from the tool: an example without predictions counts as
 * an empty prediction, where the tool leaves it out.
 *
 * @param word      counts with the word distance
 * @param character counts with the character distance; characters are Unicode code points
 * @param exact     counts of equal entities
 */
public record SluF1(MatchCounts word, MatchCounts character, MatchCounts exact) {

    private static final SluF1 NONE = new SluF1(MatchCounts.NONE, MatchCounts.NONE, MatchCounts.NONE);

    /** Word and character counts added up: its {@link MatchCounts#f1() f1} is SLU-F1. */
    public MatchCounts slu() {
        return word.plus(character);
    }

    /**
     * Scores a corpus, every utterance once (the tool's mode for predictions keyed by {@code slurp_id}).
     *
     * @param gold      [N] entities of every utterance
     * @param predicted [N] entities of every utterance, in the order of the prediction
     * @return summed counts; every score of a corpus without any entity is 0
     * @throws IllegalArgumentException if the lengths differ
     */
    public static SluF1 corpus(List<List<Entity>> gold, List<List<Entity>> predicted) {
        int[] once = new int[gold.size()];
        Arrays.fill(once, 1);
        return corpus(gold, predicted, once);
    }

    /**
     * Scores a corpus, every utterance as often as told (the tool's mode for predictions keyed by recording: text in,
     * so that all recordings of an utterance have one prediction).
     *
     * @param gold      [N] entities of every utterance
     * @param predicted [N] entities of every utterance, in the order of the prediction
     * @param times     [N] number of recordings of every utterance, at least 0
     * @return summed counts; every score of a corpus without any entity is 0
     * @throws IllegalArgumentException if the lengths differ or a number is negative
     */
    public static SluF1 corpus(List<List<Entity>> gold, List<List<Entity>> predicted, int[] times) {
        if (predicted.size() != gold.size() || times.length != gold.size()) {
            throw new IllegalArgumentException("SLU-F1: expected predictions and counts for " + gold.size()
                    + " utterances, got " + predicted.size() + " predictions and " + times.length + " counts");
        }
        SluF1 sum = NONE;
        for (int n = 0; n < gold.size(); n++) {
            if (times[n] < 0) {
                throw new IllegalArgumentException(
                        "SLU-F1: expected a count of at least 0, got " + times[n] + " for utterance " + n);
            }
            SluF1 one = utterance(gold.get(n), predicted.get(n));
            sum = new SluF1(
                    sum.word.plus(one.word.times(times[n])),
                    sum.character.plus(one.character.times(times[n])),
                    sum.exact.plus(one.exact.times(times[n])));
        }
        return sum;
    }

    /**
     * Counts of one utterance.
     *
     * @param gold      its entities
     * @param predicted its predicted entities, in order
     * @return counts, not scores
     */
    public static SluF1 utterance(List<Entity> gold, List<Entity> predicted) {
        return new SluF1(
                match(gold, predicted, SluF1::wordDistance),
                match(gold, predicted, SluF1::characterDistance),
                exactMatch(gold, predicted));
    }

    /**
     * SLU-F1 of one utterance, for tests of significance.
     *
     * @param gold      its entities
     * @param predicted its predicted entities, in order
     * @return 0 to 1; 1 if there was nothing to find and nothing was predicted (in a corpus such an utterance counts
     *     nothing)
     */
    public static double ofUtterance(List<Entity> gold, List<Entity> predicted) {
        return gold.isEmpty() && predicted.isEmpty()
                ? 1
                : utterance(gold, predicted).slu().f1();
    }

    private static MatchCounts match(
            List<Entity> gold, List<Entity> predicted, ToDoubleBiFunction<String, String> distance) {
        List<Entity> unused = new ArrayList<>(gold);
        double truePositives = 0;
        double falsePositives = 0;
        double falseNegatives = 0;
        for (Entity entity : predicted) {
            int nearest = -1;
            double least = Double.POSITIVE_INFINITY;
            for (int g = 0; g < unused.size(); g++) {
                if (unused.get(g).type().equals(entity.type())) {
                    double d = distance.applyAsDouble(unused.get(g).filler(), entity.filler());
                    if (d < least) {
                        least = d;
                        nearest = g;
                    }
                }
            }
            if (nearest < 0) {
                falsePositives++;
            } else {
                unused.remove(nearest);
                truePositives++;
                falsePositives += least;
                falseNegatives += least;
            }
        }
        return new MatchCounts(truePositives, falsePositives, falseNegatives + unused.size());
    }

    private static MatchCounts exactMatch(List<Entity> gold, List<Entity> predicted) {
        List<Entity> unused = new ArrayList<>(gold);
        int equal = 0;
        for (Entity entity : predicted) {
            if (unused.remove(entity)) {
                equal++;
            }
        }
        return new MatchCounts(equal, predicted.size() - equal, unused.size());
    }

    private static double wordDistance(String gold, String predicted) {
        String[] goldWords = words(gold);
        String[] predictedWords = words(predicted);
        if (goldWords.length == 0) {
            return predictedWords.length == 0 ? 0 : 1;
        }
        Map<String, Integer> ids = new HashMap<>();
        return (double) EditDistance.between(symbols(goldWords, ids), symbols(predictedWords, ids)) / goldWords.length;
    }

    private static double characterDistance(String gold, String predicted) {
        int[] goldCharacters = gold.codePoints().toArray();
        int[] predictedCharacters = predicted.codePoints().toArray();
        int longer = Math.max(goldCharacters.length, predictedCharacters.length);
        return longer == 0 ? 0 : (double) EditDistance.between(goldCharacters, predictedCharacters) / longer;
    }

    private static String[] words(String text) {
        String stripped = text.strip();
        return stripped.isEmpty() ? new String[0] : stripped.split("\\s+", -1);
    }

    private static int[] symbols(String[] words, Map<String, Integer> ids) {
        int[] symbols = new int[words.length];
        for (int i = 0; i < words.length; i++) {
            Integer id = ids.putIfAbsent(words[i], ids.size());
            symbols[i] = id == null ? ids.size() - 1 : id;
        }
        return symbols;
    }
}
