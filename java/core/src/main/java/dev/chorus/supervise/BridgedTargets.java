package dev.chorus.supervise;

import dev.chorus.labels.TextLabels;
import dev.chorus.labels.TextLabels.TextLabel;
import dev.chorus.model.batch.Sequence;
import dev.chorus.supervise.BridgedObjective.Target;
import dev.chorus.task.SentencePrompt;
import dev.chorus.text.Tokenizer;
import dev.chorus.text.WordBridge;
import java.util.ArrayList;
import java.util.List;

/** Weak texts with their token scores, carried over to the strong tokenizer word by word. */
public final class BridgedTargets {
    private BridgedTargets() {}

    /**
     * One target for every item and weak model: that model's best text.
     *
     * <p>A text whose generation was cut has no score for the end of sequence; the strong model is not taught to end it. One that
     * is longer than the strong model's positions is left out.
     *
     * @return [N][W], or fewer for an item
     */
    public static List<List<Target>> of(TextSet set) {
        List<List<Target>> targets = new ArrayList<>();
        for (int n = 0; n < set.prompts().size(); n++) {
            List<Target> ofItem = new ArrayList<>();
            for (TextLabels each : set.labels()) {
                Target target = target(
                        set.tokenizer(),
                        set.prompts().get(n),
                        each.nBest().get(n).get(0));
                int length = target.sequence().tokens().length;
                if (length > target.sequence().start() && length <= set.longest()) {
                    ofItem.add(target);
                }
            }
            targets.add(ofItem);
        }
        return targets;
    }

    private static Target target(Tokenizer strong, int[] prompt, TextLabel label) {
        Tokenizer.Tokens tokens = strong.encodeWithSpans(label.text());
        int[] completion = label.ended() ? SentencePrompt.completion(strong, label.text()) : tokens.ids();
        List<WordBridge.Word> words = WordBridge.align(label.text(), label.tokenSpans(), tokens.spans(), label.ended());
        return new Target(Sequence.of(prompt, completion), words, WordBridge.wordScores(words, label.tokenLogps()));
    }
}
