package dev.chorus.ensemble;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.data.Example;
import dev.chorus.model.TinyDecoders;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.model.generate.BeamSearch.Hypothesis;
import dev.chorus.model.score.SequenceScorer;
import dev.chorus.task.SentencePrompt;
import dev.chorus.task.TextModel;
import dev.chorus.task.TextModel.Candidate;
import dev.chorus.text.BuiltInTokenizers;
import dev.chorus.torch.LibTorch;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class EnsemblePreferencesTest {
    /** Means of log-probabilities of a few nats in f32, in batches of other sizes. */
    private static final double MEAN_LOGP = 1e-5;

    private static final List<Example> PROMPTS = List.of(
            new Example("1", "wake me up at five", "alarm", List.of()),
            new Example("2", "play jazz", "play", List.of()),
            new Example("3", "what is the weather in london this week", "weather", List.of()));

    @Test
    void weakModelsRankTheStudentsCandidates() {
        LibTorch.threads(1);
        try (ModelFolder student = model("byte-bpe-900", 900, 1);
                ModelFolder one = model("sp-bpe-1500", 1500, 2);
                ModelFolder two = model("unigram-1200", 1200, 3)) {
            TextModel asked = new TextModel(student, 4, 6);
            EnsemblePreferences preferences = new EnsemblePreferences(PROMPTS);
            preferences.generate(asked, done -> {});
            preferences.score(new TextModel(one, 1, 6));
            preferences.score(new TextModel(two, 1, 6));
            List<EnsemblePreferences.Pair> pairs = preferences.pairs();
            assertThat(pairs).hasSize(PROMPTS.size());
            List<List<Hypothesis>> candidates = asked.generate(PROMPTS, done -> {});
            for (EnsemblePreferences.Pair pair : pairs) {
                double chosen = opinion(student, pair.chosen(), pair.item(), one, two);
                double rejected = opinion(student, pair.rejected(), pair.item(), one, two);
                assertThat(chosen).isGreaterThan(rejected);
                for (Hypothesis candidate : candidates.get(pair.item())) {
                    assertThat(opinion(student, candidate, pair.item(), one, two))
                            .isBetween(rejected - MEAN_LOGP, chosen + MEAN_LOGP);
                }
            }
        }
    }

    @Test
    void oneCandidateIsNoPair() {
        try (ModelFolder student = model("byte-bpe-900", 900, 1);
                ModelFolder weak = model("sp-bpe-1500", 1500, 2)) {
            EnsemblePreferences preferences = new EnsemblePreferences(PROMPTS);
            preferences.generate(new TextModel(student, 1, 6), done -> {});
            preferences.score(new TextModel(weak, 1, 6));
            assertThat(preferences.pairs()).isEmpty();
        }
    }

    @Test
    void meanLogpsAreThoseOfTheSequences() {
        try (ModelFolder weak = model("sp-bpe-1500", 1500, 2)) {
            double[][] means = new TextModel(weak, 1, 6)
                    .meanLogps(
                            PROMPTS,
                            List.of(
                                    List.of(new Candidate("none", true), new Candidate("time: five", true)),
                                    List.of(),
                                    List.of(new Candidate("", true), new Candidate("time: five", false))));
            assertThat(means).hasNumberOfRows(3);
            assertThat(means[0]).hasSize(2);
            assertThat(means[0][1]).isCloseTo(mean(weak, 0, "time: five", true), within(MEAN_LOGP));
            assertThat(means[1]).isEmpty();
            assertThat(means[2][0]).isCloseTo(mean(weak, 2, "", true), within(MEAN_LOGP));
            // A text that was cut has no end to be scored.
            assertThat(means[2][1]).isCloseTo(mean(weak, 2, "time: five", false), within(MEAN_LOGP));
            assertThat(Math.abs(means[2][1] - mean(weak, 2, "time: five", true)))
                    .isGreaterThan(100 * MEAN_LOGP);
        }
    }

    private static double opinion(
            ModelFolder student, Hypothesis hypothesis, int item, ModelFolder one, ModelFolder two) {
        String text = student.tokenizer().decode(hypothesis.tokens()).strip();
        return (mean(one, item, text, hypothesis.ended()) + mean(two, item, text, hypothesis.ended())) / 2;
    }

    private static double mean(ModelFolder model, int item, String text, boolean ended) {
        Sequence sequence = Sequence.of(
                SentencePrompt.encode(model.tokenizer(), PROMPTS.get(item).sentence()),
                ended
                        ? SentencePrompt.completion(model.tokenizer(), text)
                        : model.tokenizer().encode(text));
        return Arrays.stream(SequenceScorer.tokenLogps(model.decoder(), List.of(sequence), 1)[0])
                .average()
                .orElseThrow();
    }

    private static ModelFolder model(String tokenizer, int vocabSize, long seed) {
        return new ModelFolder(
                TinyDecoders.random(ModelConfig.gpt2(vocabSize, 8, 1, 2, 64), seed), BuiltInTokenizers.open(tokenizer));
    }
}
