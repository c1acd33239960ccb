package dev.chorus.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.model.Decoder;
import dev.chorus.model.NotFiniteException;
import dev.chorus.model.TinyDecoders;
import dev.chorus.model.batch.FlatBatch;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.family.GenerationDefaults;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.generate.Completion.FinishReason;
import dev.chorus.model.score.SequenceScorer;
import dev.chorus.text.BuiltInTokenizers;
import dev.chorus.text.Tokenizer;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class GeneratorTest {
    /** Log-probabilities of a few nats in f32, with and without a cache. */
    private static final double LOGP = 1e-5;

    private static final int V = 900;
    private static final int NEW_TOKENS = 9;
    private static final int[] LENGTHS = {1, 2, 17, 9, 40, 13, 33, 1, 6, 3};
    private static final List<int[]> PROMPTS = TinyDecoders.sequences(V, 5, LENGTHS);

    private static Decoder decoder;
    private static Tokenizer tokenizer;

    @BeforeAll
    static void open() {
        LibTorch.threads(1);
        decoder = TinyDecoders.random(ModelConfig.gpt2(V, 16, 2, 2, 64), 3);
        tokenizer = BuiltInTokenizers.open("byte-bpe-900");
    }

    @AfterAll
    static void close() {
        decoder.close();
        tokenizer.close();
    }

    /** Few rows: sequences that end are replaced by waiting ones, whatever their lengths. */
    @Test
    void greedyIsOneBeam_howeverManyRunAtATime() {
        List<List<BeamSearch.Hypothesis>> expected =
                new BeamSearch(1, NEW_TOKENS, tokenizer.eos()).generate(decoder, PROMPTS);
        for (int rows : new int[] {1, 3, 32}) {
            List<List<Completion>> found =
                    run(PROMPTS, GenerationSettings.greedy(NEW_TOKENS).withRows(rows));
            for (int i = 0; i < PROMPTS.size(); i++) {
                Completion completion = found.get(i).get(0);
                assertThat(completion.tokens())
                        .as("prompt %d, rows %d", i, rows)
                        .containsExactly(expected.get(i).get(0).tokens());
                assertThat(completion.logps())
                        .containsExactly(expected.get(i).get(0).logps(), within(LOGP));
            }
        }
    }

    /** The log-probabilities are those of scoring prompt and completion, under the model itself. */
    @Test
    void logProbabilitiesAreTheScorers() {
        GenerationSettings settings = sampling(2, 1.7, 40, 0.9, 11);
        List<List<Completion>> found = run(PROMPTS, settings);
        for (int i = 0; i < PROMPTS.size(); i++) {
            for (Completion completion : found.get(i)) {
                double[][] scored = SequenceScorer.tokenLogps(
                        decoder, List.of(Sequence.of(PROMPTS.get(i), completion.tokens())), 1024);
                assertThat(completion.logps()).containsExactly(scored[0], within(LOGP));
                assertThat(completion.logp())
                        .isEqualTo(Arrays.stream(completion.logps()).sum());
            }
        }
    }

    @Test
    void samplesAreAFunctionOfSeedPromptAndNumber() {
        List<List<Completion>> once = run(PROMPTS, sampling(3, 1, 0, 1, 7));
        List<List<Completion>> again = run(PROMPTS, sampling(3, 1, 0, 1, 7).withRows(2));
        List<List<Completion>> other = run(PROMPTS, sampling(3, 1, 0, 1, 8));
        boolean differs = false;
        for (int i = 0; i < PROMPTS.size(); i++) {
            Set<List<Integer>> distinct = new HashSet<>();
            for (int sample = 0; sample < 3; sample++) {
                int[] tokens = once.get(i).get(sample).tokens();
                assertThat(again.get(i).get(sample).tokens()).containsExactly(tokens);
                differs |= !Arrays.equals(other.get(i).get(sample).tokens(), tokens);
                distinct.add(Arrays.stream(tokens).boxed().toList());
            }
            assertThat(distinct).hasSize(3);
        }
        assertThat(differs).isTrue();
    }

    /** The first sampled token's frequencies against softmax(logits / T): 2,000 draws, chi-squared over the likeliest tokens. */
    @Test
    void sampledFrequenciesAreTheModels() {
        int draws = 2000;
        double temperature = 0.7;
        int[] prompt = PROMPTS.get(3);
        double[] p = probabilities(prompt, temperature);
        GenerationSettings settings =
                new GenerationSettings(1, draws, temperature, 0, 1, 1, 1, List.of(), true, 3, 500);
        int[] counts = new int[V];
        run(List.of(prompt), settings)
                .get(0)
                .forEach(completion -> counts[completion.tokens()[0]]++);
        double chi = 0;
        int cells = 0;
        double restP = 1;
        int rest = draws;
        for (int token = 0; token < V; token++) {
            if (p[token] * draws >= 10) {
                chi += Math.pow(counts[token] - p[token] * draws, 2) / (p[token] * draws);
                restP -= p[token];
                rest -= counts[token];
                cells++;
            }
        }
        chi += Math.pow(rest - restP * draws, 2) / (restP * draws);
        assertThat(cells).isGreaterThan(5);
        // Mean k, deviation sqrt(2 k): five deviations.
        assertThat(chi).isLessThan(cells + 5 * Math.sqrt(2.0 * cells));
    }

    @Test
    void topKAndTopPCutOffTheRest() {
        int[] prompt = PROMPTS.get(3);
        double[] p = probabilities(prompt, 1);
        Integer[] order = new Integer[V];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Double.compare(p[b], p[a]));
        assertThat(firstTokens(prompt, 5, 1))
                .isSubsetOf(Arrays.asList(order).subList(0, 5))
                .hasSizeGreaterThan(2);
        double sum = 0;
        List<Integer> nucleus = new ArrayList<>();
        while (sum < 0.3) {
            sum += p[order[nucleus.size()]];
            nucleus.add(order[nucleus.size()]);
        }
        assertThat(firstTokens(prompt, 0, 0.3)).isSubsetOf(nucleus).hasSizeGreaterThan(1);
        assertThat(firstTokens(prompt, 1, 1)).containsExactly(order[0]);
    }

    @Test
    void nucleusIsInvertedAtItsEnds() {
        float[] p = {9, 0.5f, 0.25f, 0.125f, 0.125f};
        assertThat(Sampler.invert(p, 1, 4, 1, 0)).isZero();
        assertThat(Sampler.invert(p, 1, 4, 1, 0.49999)).isZero();
        assertThat(Sampler.invert(p, 1, 4, 1, 0.5)).isEqualTo(1);
        assertThat(Sampler.invert(p, 1, 4, 1, 0.99999)).isEqualTo(3);
        assertThat(Sampler.invert(p, 1, 4, 0.6, 0.99999)).isEqualTo(1);
        assertThat(Sampler.invert(p, 1, 4, 0.5, 0.99999)).isZero();
    }

    @Test
    void stopTextsEndACompletionAndAreNoPartOfIt() {
        List<List<Completion>> free = run(PROMPTS, GenerationSettings.greedy(NEW_TOKENS));
        int stopped = 0;
        for (int i = 0; i < PROMPTS.size(); i++) {
            String text = free.get(i).get(0).text();
            if (text.length() < 6) {
                continue;
            }
            String stop = text.substring(3, 5);
            GenerationSettings settings =
                    new GenerationSettings(NEW_TOKENS, 1, 0, 0, 1, 1, 1, List.of("never seen", stop), false, 0, 4);
            Completion cut = run(List.of(PROMPTS.get(i)), settings).get(0).get(0);
            assertThat(cut.text()).isEqualTo(text.substring(0, text.indexOf(stop)));
            assertThat(cut.reason()).isEqualTo(FinishReason.STOP);
            assertThat(cut.tokens()).hasSizeLessThanOrEqualTo(free.get(i).get(0).tokens().length);
            stopped++;
        }
        assertThat(stopped).isGreaterThan(3);
    }

    @Test
    void endsAndLengthsAreTold() {
        List<List<Completion>> found = run(PROMPTS, sampling(100, 3, 0, 1, 1));
        boolean sawEnd = false;
        for (List<Completion> completions : found) {
            for (Completion completion : completions) {
                int[] tokens = completion.tokens();
                boolean ended = tokens[tokens.length - 1] == tokenizer.eos();
                assertThat(completion.reason()).isEqualTo(ended ? FinishReason.STOP : FinishReason.LENGTH);
                assertThat(ended || tokens.length == NEW_TOKENS).isTrue();
                sawEnd |= ended;
            }
        }
        assertThat(sawEnd).isTrue();
        // 40 tokens and 63 new ones do not fit into 64 positions.
        Completion full = run(
                        List.of(PROMPTS.get(4)), new GenerationSettings(63, 1, 0, 0, 1, 1, 1, List.of(), true, 0, 1))
                .get(0)
                .get(0);
        assertThat(full.tokens()).hasSize(24);
        assertThat(full.reason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void beamSearchGivesItsNBest() {
        GenerationSettings settings = new GenerationSettings(NEW_TOKENS, 1, 0, 0, 1, 3, 2, List.of(), false, 0, 7);
        List<List<Completion>> found = run(PROMPTS, settings);
        List<List<BeamSearch.Hypothesis>> expected =
                new BeamSearch(3, NEW_TOKENS, tokenizer.eos()).generate(decoder, PROMPTS);
        for (int i = 0; i < PROMPTS.size(); i++) {
            assertThat(found.get(i)).hasSize(Math.min(2, expected.get(i).size()));
            for (int h = 0; h < found.get(i).size(); h++) {
                assertThat(found.get(i).get(h).tokens())
                        .containsExactly(expected.get(i).get(h).tokens());
            }
        }
    }

    @Test
    void refusesWhatCannotBe() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> run(List.of(new int[] {1}, new int[0]), GenerationSettings.greedy(3)))
                .withMessage("prompt 1 has no tokens");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> run(List.of(new int[64]), GenerationSettings.greedy(3)))
                .withMessage("prompt 0 of 64 tokens leaves no room in 64 positions");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GenerationSettings(3, 2, 0, 0, 1, 1, 1, List.of(), false, 0, 1))
                .withMessageContaining("several samples need a temperature");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GenerationSettings(3, 1, 1, 0, 1, 2, 1, List.of(), false, 0, 1))
                .withMessageContaining("does not sample");
        assertThat(run(List.of(), GenerationSettings.greedy(3))).isEmpty();
    }

    /** A line that is left out changes nothing for those behind it: a sample hangs on its line's number, not on its place. */
    @Test
    void samplesFollowTheNumberOfTheirPrompt() {
        GenerationSettings settings = sampling(2, 1, 0, 1, 11);
        List<List<Completion>> all = Generator.generate(
                decoder, tokenizer, PROMPTS.subList(0, 3), new long[] {1, 2, 3}, settings, done -> {});
        List<List<Completion>> some =
                Generator.generate(decoder, tokenizer, PROMPTS.subList(1, 3), new long[] {2, 3}, settings, done -> {});
        for (int i = 0; i < some.size(); i++) {
            for (int sample = 0; sample < 2; sample++) {
                assertThat(some.get(i).get(sample).tokens())
                        .containsExactly(all.get(i + 1).get(sample).tokens());
            }
        }
        assertThat(all.get(0).get(0).tokens()).isNotEqualTo(all.get(0).get(1).tokens());
    }

    @Test
    void rulesOfTheFolderHoldAndLogProbabilitiesStayTheModels() {
        GenerationDefaults rules = GenerationDefaults.NONE.withNoRepeatNgram(1);
        for (GenerationSettings how : List.of(GenerationSettings.greedy(NEW_TOKENS), sampling(1, 1.5, 20, 0.9, 4))) {
            List<List<Completion>> found = run(PROMPTS, how.withDefaults(rules));
            for (int i = 0; i < PROMPTS.size(); i++) {
                int[] prompt = PROMPTS.get(i);
                int[] tokens = found.get(i).get(0).tokens();
                assertThat(Arrays.stream(tokens).distinct().count()).isEqualTo(tokens.length);
                assertThat(Arrays.stream(tokens).boxed())
                        .doesNotContainAnyElementsOf(
                                Arrays.stream(prompt).boxed().toList());
                assertThat(found.get(i).get(0).logps()[0])
                        .isCloseTo(Math.log(probabilities(prompt, 1)[tokens[0]]), within(LOGP));
            }
        }
    }

    @Test
    void aModelThatAnswersNoNumbersIsDamaged() {
        try (Decoder broken = TinyDecoders.random(ModelConfig.gpt2(V, 16, 2, 2, 64), 3)) {
            float[] weights = broken.parameters().read("transformer.ln_f.bias");
            weights[1] = Float.NaN;
            broken.parameters().write("transformer.ln_f.bias", weights);
            assertThatExceptionOfType(NotFiniteException.class)
                    .isThrownBy(() ->
                            Generator.generate(broken, tokenizer, PROMPTS, GenerationSettings.greedy(2), done -> {}))
                    .withMessageContaining("are the weights damaged?");
            assertThatExceptionOfType(NotFiniteException.class)
                    .isThrownBy(() -> SequenceScorer.tokenLogps(broken, List.of(new Sequence(PROMPTS.get(2), 1)), 64))
                    .withMessageContaining("are the weights damaged?");
        }
    }

    private static GenerationSettings sampling(int samples, double temperature, int topK, double topP, long seed) {
        return new GenerationSettings(NEW_TOKENS, samples, temperature, topK, topP, 1, 1, List.of(), false, seed, 32);
    }

    private static Set<Integer> firstTokens(int[] prompt, int topK, double topP) {
        GenerationSettings settings = new GenerationSettings(1, 200, 1, topK, topP, 1, 1, List.of(), true, 3, 100);
        Set<Integer> tokens = new HashSet<>();
        run(List.of(prompt), settings)
                .get(0)
                .forEach(completion -> tokens.add(completion.tokens()[0]));
        return tokens;
    }

    private static double[] probabilities(int[] prompt, double temperature) {
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            FlatBatch batch = FlatBatch.of(List.of(prompt));
            return Tensors.toRows(torch.softmax(
                    decoder.logits(decoder.hidden(batch), batch.lastTokens()).div(Tensors.scalar(temperature)), 1))[0];
        }
    }

    private static List<List<Completion>> run(List<int[]> prompts, GenerationSettings settings) {
        return Generator.generate(decoder, tokenizer, prompts, settings, done -> {});
    }
}
