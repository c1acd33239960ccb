package dev.chorus.supervise;

import dev.chorus.labels.Judgement;
import dev.chorus.labels.TextLabels.TextLabel;
import dev.chorus.model.batch.Sequence;
import dev.chorus.supervise.BridgedObjective.Target;
import dev.chorus.task.SentencePrompt;
import dev.chorus.text.Tokenizer;
import dev.chorus.text.WordBridge;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Weak texts with their token scores, carried over to the strong tokenizer word by word. */
public final class BridgedTargets {
    private BridgedTargets() {}

    /**
     * Targets with the weights of their weak models.
     *
     * @param targets [N][labels]
     * @param shares  [N][labels] at least 0, sum 1; all 0 for an item of which no model that counts has a text
     */
    public record Shared(List<List<Target>> targets, List<double[]> shares) {}

    /**
     * One target for every item and weak model: that model's best text.
     *
     * <p>A text whose generation was cut has no score for the end of sequence; the strong model is not taught to end it. One that
     * is longer than the strong model's positions is left out.
     *
     * @return [N][W], or fewer for an item
     */
    public static List<List<Target>> of(TextSet set) {
        return of(set, Weighting.mean()).targets();
    }

    /** The same with weights of the weak models; the sureness of dynamic weights is the mean log-score of the words. */
    public static Shared of(TextSet set, Weighting weights) {
        Judgement judged = set.aggregate() == null ? null : set.aggregate().judged();
        List<List<Target>> targets = new ArrayList<>();
        List<double[]> shares = new ArrayList<>();
        for (int n = 0; n < set.prompts().size(); n++) {
            List<Target> ofItem = new ArrayList<>();
            double[] sureness = new double[set.labels().size()];
            Arrays.fill(sureness, Double.NaN);
            for (int i = 0; i < sureness.length; i++) {
                Target target = target(
                        set.tokenizer(),
                        set.prompts().get(n),
                        set.labels().get(i).nBest().get(n).get(0));
                int length = target.sequence().tokens().length;
                if (length > target.sequence().start() && length <= set.longest()) {
                    ofItem.add(target);
                    sureness[i] = Arrays.stream(target.wordScores()).average().orElse(0);
                }
            }
            targets.add(ofItem);
            double[] lambda = weights.of(judged, 0, sureness);
            shares.add(IntStream.range(0, lambda.length)
                    .filter(i -> !Double.isNaN(sureness[i]))
                    .mapToDouble(i -> lambda[i])
                    .toArray());
        }
        return new Shared(targets, shares);
    }

    /** One text as a target. */
    static Target target(Tokenizer strong, int[] prompt, TextLabel label) {
        Tokenizer.Tokens tokens = strong.encodeWithSpans(label.text());
        int[] completion = label.ended() ? SentencePrompt.completion(strong, label.text()) : tokens.ids();
        List<WordBridge.Word> words = WordBridge.align(label.text(), label.tokenSpans(), tokens.spans(), label.ended());
        return new Target(Sequence.of(prompt, completion), words, WordBridge.wordScores(words, label.tokenLogps()));
    }
}
