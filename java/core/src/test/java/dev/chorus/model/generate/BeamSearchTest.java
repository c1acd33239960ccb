package dev.chorus.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.model.Decoder;
import dev.chorus.model.TinyDecoders;
import dev.chorus.model.batch.FlatBatch;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.family.GenerationDefaults;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.model.generate.BeamSearch.Hypothesis;
import dev.chorus.text.Tokenizer;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BeamSearchTest {
    /** Log-probabilities of a few nats in f32, with and without a cache. */
    private static final double LOGP = 1e-5;

    private static final int V = 13;
    private static final int EOS = 4;
    private static final int NEW_TOKENS = 7;
    private static final ModelConfig CONFIG = ModelConfig.gpt2(V, 8, 2, 2, 20);
    private static final int[] LENGTHS = {1, 2, 9, 9, 4, 13, 5, 1, 6, 3};

    @BeforeAll
    static void oneThread() {
        LibTorch.threads(1);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void oneBeamIsGreedy(long seed) {
        List<int[]> prompts = TinyDecoders.sequences(V, seed, LENGTHS);
        try (Decoder decoder = TinyDecoders.random(CONFIG, seed)) {
            List<List<Hypothesis>> found = new BeamSearch(1, NEW_TOKENS, EOS).generate(decoder, prompts);
            for (int i = 0; i < prompts.size(); i++) {
                assertThat(found.get(i)).hasSize(1);
                assertSame(found.get(i).get(0), greedy(decoder, prompts.get(i)));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5})
    void beamsEqualAPlainSearchWithoutCache(int beams) {
        boolean sawEnded = false;
        boolean sawCut = false;
        boolean sawMixed = false;
        for (long seed = 1; seed <= 3; seed++) {
            List<int[]> prompts = TinyDecoders.sequences(V, 10 + seed, LENGTHS);
            try (Decoder decoder = TinyDecoders.random(CONFIG, seed)) {
                List<List<Hypothesis>> found = new BeamSearch(beams, NEW_TOKENS, EOS).generate(decoder, prompts);
                for (int i = 0; i < prompts.size(); i++) {
                    List<Hypothesis> expected = plainSearch(decoder, prompts.get(i), beams);
                    assertThat(found.get(i)).as("seed %d, prompt %d", seed, i).hasSize(beams);
                    for (int h = 0; h < expected.size(); h++) {
                        assertSame(found.get(i).get(h), expected.get(h));
                    }
                    sawEnded |= expected.stream().allMatch(Hypothesis::ended);
                    sawCut |= expected.stream().noneMatch(Hypothesis::ended);
                    sawMixed |=
                            expected.stream().map(Hypothesis::ended).distinct().count() == 2;
                }
            }
        }
        // Otherwise the comparison would have missed a way to end.
        assertThat(sawEnded).isTrue();
        assertThat(sawCut).isTrue();
        assertThat(sawMixed).isTrue();
    }

    /** At the limit one of four has ended; the best by the criterion of the list has not. */
    @Test
    void whatTheLimitCutsStandsInTheList() throws IOException {
        Path model = Path.of("src/test/resources/cases/beams_limit");
        try (Decoder decoder = ModelFolder.openDecoder(model, null);
                Tokenizer tokenizer = Tokenizer.load(Path.of("src/test/resources/fixtures/llama"))) {
            int[] prompt = tokenizer.encodeWithSpecials("tomorrow");
            List<Hypothesis> list = new BeamSearch(4, 6, tokenizer.eos())
                    .generate(decoder, List.of(prompt))
                    .get(0);
            assertThat(list).hasSize(4);
            assertThat(list.get(0).meanLogp()).isCloseTo(-3.849, within(5e-4));
            assertThat(list.get(0).ended()).isFalse();
        }
    }

    @Test
    void rulesSteerTheSearchAndNotTheLogProbabilities() {
        GenerationDefaults rules =
                new GenerationDefaults(1, 2, NEW_TOKENS, List.of(7), List.of(), List.of(), List.of());
        List<int[]> prompts = TinyDecoders.sequences(V, 21, LENGTHS);
        try (Decoder decoder = TinyDecoders.random(CONFIG, 2)) {
            List<List<Hypothesis>> found = new BeamSearch(3, NEW_TOKENS, Set.of(EOS), rules).generate(decoder, prompts);
            for (int i = 0; i < prompts.size(); i++) {
                for (Hypothesis hypothesis : found.get(i)) {
                    int[] tokens = hypothesis.tokens();
                    assertThat(tokens).doesNotContain(7);
                    assertThat(Arrays.stream(tokens, 0, tokens.length - 1)).doesNotContain(EOS);
                    int[] all = Sequence.of(prompts.get(i), tokens).tokens();
                    Set<List<Integer>> pairs = new HashSet<>();
                    for (int t = 1; t < all.length; t++) {
                        boolean fresh = pairs.add(List.of(all[t - 1], all[t]));
                        // What the prompt repeats by itself is its own affair.
                        assertThat(fresh || t < prompts.get(i).length).isTrue();
                    }
                    double[] under =
                            nextLogps(decoder, prompts.get(i), new Hypothesis(new int[0], new double[0], false));
                    assertThat(hypothesis.logps()[0]).isCloseTo(under[tokens[0]], within(LOGP));
                }
            }
        }
    }

    @Test
    void sameRunSameBitsAndNoTraceOfTheOtherPrompts() {
        List<int[]> prompts = TinyDecoders.sequences(V, 21, LENGTHS);
        try (Decoder decoder = TinyDecoders.random(CONFIG, 2)) {
            BeamSearch search = new BeamSearch(3, NEW_TOKENS, EOS);
            List<List<Hypothesis>> found = search.generate(decoder, prompts);
            List<List<Hypothesis>> again = search.generate(decoder, prompts);
            for (int i = 0; i < prompts.size(); i++) {
                List<Hypothesis> alone =
                        search.generate(decoder, List.of(prompts.get(i))).get(0);
                assertThat(alone).hasSameSizeAs(found.get(i));
                for (int h = 0; h < alone.size(); h++) {
                    assertThat(again.get(i).get(h).tokens())
                            .containsExactly(found.get(i).get(h).tokens());
                    assertThat(again.get(i).get(h).logps())
                            .containsExactly(found.get(i).get(h).logps());
                    assertSame(found.get(i).get(h), alone.get(h));
                }
            }
        }
    }

    /** Means are ordered, sums match the tokens, and only the last token can be the end. */
    @Test
    void listIsOrderedByMeanLogProbability() {
        try (Decoder decoder = TinyDecoders.random(CONFIG, 3)) {
            for (List<Hypothesis> list :
                    new BeamSearch(5, NEW_TOKENS, EOS).generate(decoder, TinyDecoders.sequences(V, 5, LENGTHS))) {
                assertThat(list)
                        .isSortedAccordingTo(
                                Comparator.comparingDouble(Hypothesis::meanLogp).reversed());
                for (Hypothesis hypothesis : list) {
                    int[] tokens = hypothesis.tokens();
                    assertThat(Arrays.stream(tokens, 0, tokens.length - 1)).doesNotContain(EOS);
                    assertThat(tokens[tokens.length - 1] == EOS).isEqualTo(hypothesis.ended());
                    assertThat(hypothesis.meanLogp() * tokens.length).isCloseTo(hypothesis.sumLogp(), within(LOGP));
                }
            }
        }
    }

    /** A long prompt is cut by the model's positions, the short ones beside it are not. */
    @Test
    void longPromptsDoNotCutShortOnes() {
        List<int[]> prompts = TinyDecoders.sequences(V, 8, 18, 2, 15, 1);
        // No token is the end, so that every search runs to its limit.
        BeamSearch search = new BeamSearch(2, NEW_TOKENS, V);
        try (Decoder decoder = TinyDecoders.random(CONFIG, 2)) {
            List<List<Hypothesis>> found = search.generate(decoder, prompts);
            assertThat(found.stream().map(list -> list.get(0).tokens().length)).containsExactly(2, 7, 5, 7);
            for (int i = 0; i < prompts.size(); i++) {
                assertSame(
                        found.get(i).get(0),
                        search.generate(decoder, List.of(prompts.get(i))).get(0).get(0));
            }
        }
    }

    /** All tokens are equally likely: the lower ids win, as promised. */
    @Test
    void tiesGoToTheLowerToken() {
        try (Decoder decoder = Decoder.initialise(CONFIG, 1);
                Scope scope = new Scope()) {
            decoder.parameters().values().zero_();
            List<Hypothesis> list = new BeamSearch(3, 2, V - 1)
                    .generate(decoder, List.of(new int[] {1}))
                    .get(0);
            assertThat(list.stream().map(Hypothesis::tokens))
                    .containsExactly(new int[] {0, 0}, new int[] {0, 1}, new int[] {0, 2});
        }
    }

    @Test
    void promptThatLeavesNoRoomIsRefused() {
        try (Decoder decoder = TinyDecoders.random(CONFIG, 3)) {
            BeamSearch search = new BeamSearch(2, NEW_TOKENS, EOS);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> search.generate(decoder, TinyDecoders.sequences(V, 1, 3, 20)))
                    .withMessage("a prompt of 20 tokens leaves no room in 20 positions");
            // One position is room for one token.
            assertThat(search.generate(decoder, TinyDecoders.sequences(V, 1, 19))
                            .get(0))
                    .allMatch(hypothesis -> hypothesis.tokens().length == 1);
            assertThat(search.generate(decoder, List.of())).isEmpty();
        }
        assertThatIllegalArgumentException().isThrownBy(() -> new BeamSearch(0, 1, EOS));
        assertThatIllegalArgumentException().isThrownBy(() -> new BeamSearch(1, 0, EOS));
    }

    @Test
    void brokenModelIsNotAnswered() {
        try (Decoder decoder = TinyDecoders.random(CONFIG, 3)) {
            float[] broken = decoder.parameters().read("transformer.ln_f.bias");
            broken[1] = Float.NaN;
            decoder.parameters().write("transformer.ln_f.bias", broken);
            assertThatIllegalStateException()
                    .isThrownBy(() -> new BeamSearch(2, 3, EOS).generate(decoder, TinyDecoders.sequences(V, 1, 3)))
                    .withMessageContaining("not finite");
        }
    }

    @Test
    void leavesNoNativeObjectsBehind() {
        try (Decoder decoder = TinyDecoders.random(CONFIG, 3)) {
            BeamSearch search = new BeamSearch(3, NEW_TOKENS, EOS);
            List<int[]> prompts = TinyDecoders.sequences(V, 1, LENGTHS);
            search.generate(decoder, prompts);
            long before = Pointer.totalCount();
            search.generate(decoder, prompts);
            assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
        }
    }

    private static void assertSame(Hypothesis actual, Hypothesis expected) {
        assertThat(actual.tokens()).containsExactly(expected.tokens());
        assertThat(actual.logps()).containsExactly(expected.logps(), within(LOGP));
        assertThat(actual.ended()).isEqualTo(expected.ended());
    }

    private static Hypothesis greedy(Decoder decoder, int[] prompt) {
        Hypothesis hypothesis = new Hypothesis(new int[0], new double[0], false);
        while (!hypothesis.ended() && hypothesis.tokens().length < NEW_TOKENS) {
            double[] logps = nextLogps(decoder, prompt, hypothesis);
            int best = 0;
            for (int v = 1; v < V; v++) {
                best = logps[v] > logps[best] ? v : best;
            }
            hypothesis = longer(hypothesis, best, logps[best]);
        }
        return hypothesis;
    }

    /** The definition, one prompt and one full forward pass a hypothesis at a time. */
    private static List<Hypothesis> plainSearch(Decoder decoder, int[] prompt, int beams) {
        List<Hypothesis> active = List.of(new Hypothesis(new int[0], new double[0], false));
        List<Hypothesis> ended = new ArrayList<>();
        for (int step = 0; step < NEW_TOKENS && ended.size() < beams && !active.isEmpty(); step++) {
            List<Hypothesis> candidates = new ArrayList<>();
            for (Hypothesis hypothesis : active) {
                double[] logps = nextLogps(decoder, prompt, hypothesis);
                IntStream.range(0, V)
                        .boxed()
                        .sorted(Comparator.comparingDouble(v -> -logps[v]))
                        .limit(beams)
                        .forEach(v -> candidates.add(longer(hypothesis, v, logps[v])));
            }
            candidates.sort(Comparator.comparingDouble(Hypothesis::sumLogp).reversed());
            candidates.stream().limit(beams).filter(Hypothesis::ended).forEach(ended::add);
            active = candidates.stream()
                    .filter(candidate -> !candidate.ended())
                    .limit(beams)
                    .toList();
        }
        List<Hypothesis> all = new ArrayList<>(ended);
        if (!active.isEmpty() && active.get(0).tokens().length == NEW_TOKENS) {
            all.addAll(active);
        }
        return all.stream()
                .sorted(Comparator.comparingDouble(Hypothesis::meanLogp).reversed())
                .limit(beams)
                .toList();
    }

    private static Hypothesis longer(Hypothesis hypothesis, int token, double logp) {
        int n = hypothesis.tokens().length;
        int[] tokens = Arrays.copyOf(hypothesis.tokens(), n + 1);
        double[] logps = Arrays.copyOf(hypothesis.logps(), n + 1);
        tokens[n] = token;
        logps[n] = logp;
        return new Hypothesis(tokens, logps, token == EOS);
    }

    private static double[] nextLogps(Decoder decoder, int[] prompt, Hypothesis hypothesis) {
        int[] tokens = Sequence.of(prompt, hypothesis.tokens()).tokens();
        double[] logits;
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            FlatBatch batch = FlatBatch.of(List.of(tokens));
            logits = Tensors.toRows(decoder.logits(decoder.hidden(batch), batch.lastTokens()))[0];
        }
        double max = Arrays.stream(logits).max().orElseThrow();
        double lse =
                max + Math.log(Arrays.stream(logits).map(z -> Math.exp(z - max)).sum());
        return Arrays.stream(logits).map(z -> z - lse).toArray();
    }
}
