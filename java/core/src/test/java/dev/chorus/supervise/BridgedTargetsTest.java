package dev.chorus.supervise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.data.Example;
import dev.chorus.labels.ItemWeights;
import dev.chorus.labels.TextLabels;
import dev.chorus.labels.TextLabels.TextLabel;
import dev.chorus.supervise.BridgedObjective.Target;
import dev.chorus.task.SentencePrompt;
import dev.chorus.text.BuiltInTokenizers;
import dev.chorus.text.GeneratedText;
import dev.chorus.text.Tokenizer;
import dev.chorus.text.WordBridge;
import dev.chorus.text.WordBridge.Word;
import dev.chorus.torch.CounterRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class BridgedTargetsTest {
    static final List<String> TOKENIZERS = BuiltInTokenizers.NAMES;

    /** Some tens of additions in double. */
    private static final double ROUNDING = 1e-12;

    private static final Example EXAMPLE = new Example("1", "wake me up at five", "alarm", List.of());

    private static final List<String> TEXTS = List.of(
            "none",
            "event_name: meeting; date: tomorrow",
            "time: five am; general_frequency: every week",
            "person: mom's; place_name: st. louis");

    /** Whatever two tokenizers make of a text, no token of either side is lost, and no score. */
    @ParameterizedTest
    @FieldSource("TOKENIZERS")
    void everyTokenHasItsWord(String weakName) {
        Random random = new Random(3);
        try (Tokenizer weak = BuiltInTokenizers.open(weakName)) {
            for (String strongName : TOKENIZERS) {
                try (Tokenizer strong = BuiltInTokenizers.open(strongName)) {
                    for (String text : TEXTS) {
                        int[] ids = weak.encode(text);
                        assertCovered(strong, label(weak, ids, true, random), text);
                        // Cut anywhere, as a limit on the tokens does.
                        for (int cut = 1; cut < ids.length; cut++) {
                            TextLabel label = label(weak, Arrays.copyOf(ids, cut), false, random);
                            // A first token may be the space before the text.
                            if (!label.text().isEmpty()) {
                                assertCovered(strong, label, label.text());
                            }
                        }
                    }
                }
            }
        }
    }

    /** What an untrained model writes: any tokens, specials and broken characters among them. */
    @ParameterizedTest
    @FieldSource("TOKENIZERS")
    void nonsenseIsAlignedToo(String weakName) {
        Random random = new Random(4);
        try (Tokenizer weak = BuiltInTokenizers.open(weakName)) {
            for (String strongName : TOKENIZERS) {
                try (Tokenizer strong = BuiltInTokenizers.open(strongName)) {
                    for (int round = 0; round < 30; round++) {
                        CounterRandom tokens = CounterRandom.of(round, weakName);
                        int[] ids = new int[1 + tokens.below(12, 99)];
                        Arrays.setAll(ids, t -> tokens.below(weak.vocabSize(), t));
                        TextLabel label = label(weak, ids, round % 2 == 0, random);
                        if (label.ended() || !label.text().isEmpty()) {
                            assertCovered(strong, label, label.text());
                        }
                    }
                }
            }
        }
    }

    @Test
    void emptyTextTeachesToEnd() {
        try (Tokenizer weak = BuiltInTokenizers.open("unigram-1200");
                Tokenizer strong = BuiltInTokenizers.open("byte-bpe-2000")) {
            TextLabel label = new TextLabel("", new int[0][], new double[] {-0.3}, true);
            Target target = only(strong, label);
            assertThat(target.sequence().tokens())
                    .containsExactly(append(SentencePrompt.encode(strong, EXAMPLE.sentence()), strong.eos()));
            assertThat(target.words()).containsExactly(new Word(0, 1, 0, 1));
            assertThat(target.wordScores()).containsExactly(-0.3);
            // Tokens without text before the end: their scores are the end's.
            TextLabel specials = label(weak, new int[] {weak.sep(), weak.pad()}, true, new Random(1));
            assertThat(only(strong, specials).wordScores())
                    .containsExactly(
                            new double[] {Arrays.stream(specials.tokenLogps()).sum()}, within(ROUNDING));
        }
    }

    @Test
    void cutTextWithoutWordsIsNoTarget() {
        try (Tokenizer strong = BuiltInTokenizers.open("byte-bpe-2000")) {
            TextLabel nothing = new TextLabel("", new int[][] {{0, 0}}, new double[] {-2}, false);
            TextLabel something = new TextLabel("none", new int[][] {{0, 4}}, new double[] {-1, -0.1}, true);
            List<List<Target>> targets =
                    BridgedTargets.of(set(strong, labels("a", nothing), labels("b", something), labels("c", nothing)));
            assertThat(targets).hasSize(1);
            assertThat(targets.get(0)).hasSize(1);
            assertThat(BridgedTargets.of(set(strong, labels("a", nothing)))).containsExactly(List.of());
        }
    }

    /** Of every weak model the best text, in the order of the models. */
    @Test
    void bestTextOfEveryModel() {
        try (Tokenizer strong = BuiltInTokenizers.open("byte-bpe-2000")) {
            TextLabel one = new TextLabel("one", new int[][] {{0, 3}}, new double[] {-1, -0.1}, true);
            TextLabel two = new TextLabel("two", new int[][] {{0, 3}}, new double[] {-3, -0.1}, true);
            List<Target> targets = BridgedTargets.of(set(strong, labels("a", one, two), labels("b", two, one)))
                    .get(0);
            assertThat(targets.stream().map(target -> written(strong, target))).containsExactly("one", "two");
        }
    }

    /** An answer that the strong model has no positions for is left out, not cut in the middle of a word. */
    @Test
    void whatDoesNotFitIsLeftOut() {
        try (Tokenizer strong = BuiltInTokenizers.open("byte-bpe-2000")) {
            TextLabel label = new TextLabel("one two", new int[][] {{0, 3}, {3, 7}}, new double[] {-1, -1, -0.1}, true);
            TextSet roomy = set(strong, labels("a", label));
            int length = BridgedTargets.of(roomy).get(0).get(0).sequence().tokens().length;
            assertThat(BridgedTargets.of(room(roomy, length)).get(0)).hasSize(1);
            assertThat(BridgedTargets.of(room(roomy, length - 1)).get(0)).isEmpty();
            // Teacher forcing cuts it instead, and does not teach its end.
            assertThat(room(roomy, length - 1).sequence(0, "one two").tokens()).hasSize(length - 1);
            assertThat(room(roomy, length - 1).sequence(0, "one two").tokens()[length - 2])
                    .isNotEqualTo(strong.eos());
        }
    }

    private static TextSet room(TextSet set, int longest) {
        return new TextSet(
                set.tokenizer(), longest, set.prompts(), set.labels(), set.aggregate(), set.gold(), set.weights());
    }

    private static TextSet set(Tokenizer strong, TextLabels... labels) {
        return new TextSet(
                strong,
                Integer.MAX_VALUE,
                List.of(SentencePrompt.encode(strong, EXAMPLE.sentence())),
                List.of(labels),
                null,
                List.of(""),
                ItemWeights.even(1));
    }

    private static void assertCovered(Tokenizer strong, TextLabel label, String text) {
        Target target = only(strong, label);
        int strongTokens = target.sequence().tokens().length - target.sequence().start();
        assertThat(target.sequence().tokens()).startsWith(SentencePrompt.encode(strong, EXAMPLE.sentence()));
        int weakAt = 0;
        int strongAt = 0;
        for (Word word : target.words()) {
            assertThat(word.weakFrom()).as(text).isEqualTo(weakAt);
            assertThat(word.strongFrom()).as(text).isEqualTo(strongAt);
            assertThat(word.weakTo()).as(text).isGreaterThan(weakAt);
            assertThat(word.strongTo()).as(text).isGreaterThan(strongAt);
            weakAt = word.weakTo();
            strongAt = word.strongTo();
        }
        assertThat(weakAt).as(text).isEqualTo(label.tokenLogps().length);
        assertThat(strongAt).as(text).isEqualTo(strongTokens);
        assertThat(target.sequence().tokens()[target.sequence().tokens().length - 1] == strong.eos())
                .isEqualTo(label.ended());
        double[] top1 = new double[strongTokens];
        Arrays.fill(top1, 0.5);
        assertThat(Arrays.stream(WordBridge.spread(target.words(), target.wordScores(), top1))
                        .sum())
                .isCloseTo(Arrays.stream(label.tokenLogps()).sum(), within(ROUNDING));
    }

    private static String written(Tokenizer strong, Target target) {
        int[] tokens = target.sequence().tokens();
        return strong.decode(Arrays.copyOfRange(tokens, target.sequence().start(), tokens.length));
    }

    private static Target only(Tokenizer strong, TextLabel label) {
        return BridgedTargets.of(set(strong, labels("weak", label))).get(0).get(0);
    }

    private static TextLabels labels(String labeler, TextLabel... nBest) {
        return new TextLabels(labeler, List.of("1"), List.of(List.of(nBest)), 0.5);
    }

    private static TextLabel label(Tokenizer weak, int[] ids, boolean ended, Random random) {
        GeneratedText text = GeneratedText.of(weak, ids);
        double[] logps = random.doubles(ids.length + (ended ? 1 : 0), -2, 0).toArray();
        return new TextLabel(text.text(), text.spans(), logps, ended);
    }

    private static int[] append(int[] ids, int last) {
        int[] out = Arrays.copyOf(ids, ids.length + 1);
        out[ids.length] = last;
        return out;
    }
}
