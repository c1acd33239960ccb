package dev.chorus.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.labels.ItemWeights;
import dev.chorus.loss.BridgedKlLoss;
import dev.chorus.loss.ConservativeDpoLoss;
import dev.chorus.loss.EvidentialClassLoss;
import dev.chorus.loss.SoftCrossEntropyLoss;
import dev.chorus.model.Decoder;
import dev.chorus.model.TinyConfigs;
import dev.chorus.model.TinyDecoders;
import dev.chorus.model.batch.CompletionRows;
import dev.chorus.model.batch.FlatBatch;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.score.SequenceScorer;
import dev.chorus.model.weights.LoraConfig;
import dev.chorus.model.weights.Parameters;
import dev.chorus.model.weights.Precision;
import dev.chorus.supervise.BridgedObjective;
import dev.chorus.supervise.PreferenceObjective;
import dev.chorus.text.WordBridge;
import dev.chorus.text.WordBridge.Word;
import dev.chorus.torch.CounterRandom;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What an objective adds to the gradients equals differences of the value that it returns, through the whole decoder. */
class ObjectiveGradientTest {
    /**
     * Of parameters around 0.3. Differences of fourth order are off by its fourth power times a fifth derivative, 1e-8 times
     * some tens; a loss in f32 is good to about 1e-6, which the step makes 1.5e-4.
     */
    private static final float STEP = 1e-2f;

    private static final double ABSOLUTE = 5e-4;
    private static final double RELATIVE = 2e-3;

    private static final int V = 11;
    private static final ModelConfig CONFIG = ModelConfig.gpt2(V, 8, 2, 2, 12);
    private static final List<int[]> TOKENS = TinyDecoders.sequences(V, 1, 6, 3, 9, 4);
    private static final List<Sequence> SEQUENCES = List.of(
            new Sequence(TOKENS.get(0), 1),
            new Sequence(TOKENS.get(1), 2),
            new Sequence(TOKENS.get(2), 5),
            new Sequence(TOKENS.get(3), 2));

    /** A step as the function that its gradient is compared with. */
    private record Batch(int[] items, int epoch, int step, double share) {}

    /** Adds the gradient of a batch's mean loss and returns the loss. */
    @FunctionalInterface
    private interface Loss {
        double accumulate(Batch batch);
    }

    private static Loss loss(Decoder decoder, Objective objective) {
        Step step = new Step(decoder, objective, 0, 3);
        return batch -> step.run(batch.items(), new Progress(batch.epoch(), batch.step(), batch.share()))
                .loss();
    }

    @BeforeAll
    static void oneThread() {
        LibTorch.threads(1);
    }

    @Test
    void languageModel() {
        try (Decoder decoder = TinyDecoders.random(CONFIG, 2)) {
            Loss objective = loss(decoder, new LanguageModelObjective(SEQUENCES));
            assertGradient(decoder.parameters(), objective, objective, batch(2, 0, 3));
            // The mean over all completion tokens of the batch, not a mean of means.
            double sum = 0;
            int count = 0;
            for (double[] logps : SequenceScorer.tokenLogps(decoder, SEQUENCES, 100)) {
                for (double logp : logps) {
                    sum -= logp;
                    count++;
                }
            }
            assertThat(value(decoder.parameters(), objective, batch(0, 1, 2, 3)))
                    .isCloseTo(sum / count, within(ABSOLUTE));
        }
    }

    /** Caps, windows, norms on both sides, side-by-side blocks: what else the blocks have than GPT-2's. */
    @ParameterizedTest
    @EnumSource(names = {"GPT_NEOX", "BLOOM", "QWEN3", "GEMMA2"})
    void languageModelsOfOtherFamilies(TinyConfigs tiny) {
        try (Decoder decoder = TinyDecoders.random(tiny.config(), 2)) {
            Loss objective = loss(decoder, new LanguageModelObjective(SEQUENCES));
            assertGradient(decoder.parameters(), objective, objective, batch(2, 0, 3));
        }
    }

    /** Of both factors of every projection, stored either way round, in blocks that are kept and blocks computed again. */
    @ParameterizedTest
    @EnumSource(names = {"GPT2", "MISTRAL", "PHI3"})
    void adapter(TinyConfigs tiny) {
        try (Decoder decoder = TinyDecoders.frozen(tiny.config(), 2, Precision.F32)) {
            decoder.adapt(new LoraConfig(2, 3, 0, List.of(LoraConfig.ALL), false), 1);
            TinyDecoders.randomise(decoder.parameters(), 3);
            decoder.checkpointing(tiny == TinyConfigs.MISTRAL);
            Loss objective = loss(decoder, new LanguageModelObjective(SEQUENCES));
            assertGradient(decoder.parameters(), objective, objective, batch(2, 0, 3));
        }
    }

    @Test
    void classification() {
        double[][] soft = {{.7, .2, .1}, {0, 1, 0}, {.3, .3, .4}, {.1, .1, .8}};
        try (Decoder decoder = TinyDecoders.random(CONFIG.withLabels(3), 3)) {
            Loss averaged = loss(
                    decoder,
                    new ClassificationObjective(
                            TOKENS,
                            ItemWeights.even(4),
                            item -> true,
                            (logits, items, weights, total, at) -> SoftCrossEntropyLoss.of(
                                    logits,
                                    new double[][] {soft[items[0]], soft[items[1]], soft[items[2]]},
                                    weights,
                                    total)));
            assertGradient(decoder.parameters(), averaged, averaged, batch(3, 1, 0));
            EvidentialClassLoss loss = new EvidentialClassLoss(Evidence.SOFTPLUS, 1);
            Loss evidential = loss(
                    decoder,
                    new ClassificationObjective(
                            TOKENS,
                            ItemWeights.even(4),
                            item -> true,
                            (logits, items, weights, total, at) -> loss.of(
                                    logits,
                                    new double[][][] {{soft[0], soft[1]}, {soft[2], null}},
                                    weights,
                                    total,
                                    at.share())));
            assertGradient(decoder.parameters(), evidential, evidential, new Batch(new int[] {2, 0}, 0, 5, 0.5));
        }
    }

    /** Word shares stand still for the gradient: the differences are taken with the scores of the start. */
    @Test
    void bridged() {
        List<BridgedObjective.Target> targets = List.of(
                new BridgedObjective.Target(
                        SEQUENCES.get(0), List.of(new Word(0, 1, 0, 3), new Word(1, 3, 3, 5)), new double[] {-0.9, -0.4
                        }),
                new BridgedObjective.Target(
                        SEQUENCES.get(2), List.of(new Word(0, 2, 0, 1), new Word(2, 3, 1, 4)), new double[] {-1.5, -0.2
                        }));
        try (Decoder decoder = TinyDecoders.random(CONFIG, 4)) {
            Loss objective = loss(
                    decoder,
                    new BridgedObjective(
                            List.of(List.of(targets.get(0)), List.of(targets.get(1))), ItemWeights.even(2)));
            FlatBatch flat = FlatBatch.of(List.of(TOKENS.get(0), TOKENS.get(2)));
            CompletionRows rows = CompletionRows.of(flat, new int[] {1, 5});
            double[] scores = new double[9];
            try (Scope scope = new Scope();
                    Tensors.GradientMode off = Tensors.withoutGradients()) {
                double[] top1 = BridgedKlLoss.top1(decoder.logits(decoder.hidden(flat), rows.rows()));
                for (int t = 0; t < 2; t++) {
                    int from = t == 0 ? 0 : 5;
                    double[] own = IntStream.range(from, t == 0 ? 5 : 9)
                            .mapToDouble(i -> top1[i])
                            .toArray();
                    double[] tau = WordBridge.spread(
                            targets.get(t).words(), targets.get(t).wordScores(), own);
                    IntStream.range(0, tau.length).forEach(i -> scores[from + i] = Math.exp(tau[i]));
                }
            }
            Loss frozen = batch -> {
                double[] logps =
                        flat(SequenceScorer.tokenLogps(decoder, List.of(SEQUENCES.get(0), SEQUENCES.get(2)), 99));
                double sum = 0;
                for (int m = 0; m < logps.length; m++) {
                    double s = scores[m];
                    double kl = s * (Math.log(s) - logps[m]) + (1 - s) * Math.log((1 - s) / -Math.expm1(logps[m]));
                    // Mean over a sequence's tokens (5 and 4), then over the two sequences.
                    sum += kl / (m < 5 ? 5 : 4) / 2;
                }
                return sum;
            };
            assertThat(value(decoder.parameters(), objective, batch(0, 1)))
                    .isCloseTo(frozen.accumulate(batch(0, 1)), within(ABSOLUTE));
            assertGradient(decoder.parameters(), objective, frozen, batch(0, 1));
        }
    }

    /** Epoch e trains item i on label (i + e) mod W; an item without labels is left out. */
    @Test
    void bridgedTakesTheLabelsInTurn() {
        List<Word> word = List.of(new Word(0, 1, 0, 5));
        BridgedObjective.Target one = new BridgedObjective.Target(SEQUENCES.get(0), word, new double[] {-0.5});
        BridgedObjective.Target two = new BridgedObjective.Target(SEQUENCES.get(0), word, new double[] {-3});
        try (Decoder decoder = TinyDecoders.random(CONFIG, 4)) {
            Loss objective = loss(
                    decoder,
                    new BridgedObjective(
                            List.of(List.of(one, two), List.of(one, two), List.of()), ItemWeights.even(3)));
            Parameters parameters = decoder.parameters();
            double first = value(parameters, objective, new Batch(new int[] {0}, 0, 0, 0));
            double second = value(parameters, objective, new Batch(new int[] {0}, 1, 0, 0));
            assertThat(first).isNotEqualTo(second);
            assertThat(value(parameters, objective, new Batch(new int[] {0}, 2, 0, 0)))
                    .isEqualTo(first);
            assertThat(value(parameters, objective, new Batch(new int[] {1}, 0, 0, 0)))
                    .isEqualTo(second);
            assertThat(value(parameters, objective, new Batch(new int[] {0, 2}, 0, 0, 0)))
                    .isEqualTo(first);
            assertThat(value(parameters, objective, new Batch(new int[] {2}, 0, 0, 0)))
                    .isZero();
        }
    }

    /** Without turns a step's loss is the weighted sum of the labels'; by turns each comes with its weight. */
    @Test
    void bridgedSumsOverTheLabels() {
        List<Word> word = List.of(new Word(0, 1, 0, 5));
        BridgedObjective.Target one = new BridgedObjective.Target(SEQUENCES.get(0), word, new double[] {-0.5});
        BridgedObjective.Target two = new BridgedObjective.Target(SEQUENCES.get(0), word, new double[] {-3});
        List<List<BridgedObjective.Target>> targets = List.of(List.of(one, two), List.of(), List.of(two, one));
        List<double[]> shares = List.of(new double[] {.75, .25}, new double[0], new double[] {0, 1});
        ItemWeights weights = new ItemWeights(new double[] {1, 1, 3});
        Batch first = new Batch(new int[] {0}, 0, 0, 0);
        Batch second = new Batch(new int[] {0}, 1, 0, 0);
        try (Decoder decoder = TinyDecoders.random(CONFIG, 4)) {
            Parameters parameters = decoder.parameters();
            Loss even = loss(decoder, new BridgedObjective(targets, weights));
            double a = value(parameters, even, first);
            double b = value(parameters, even, second);
            Loss summed = loss(decoder, new BridgedObjective(targets, shares, false, weights));
            assertThat(value(parameters, summed, first)).isCloseTo(.75 * a + .25 * b, within(ABSOLUTE));
            assertThat(value(parameters, summed, new Batch(new int[] {0, 1, 2}, 0, 0, 0)))
                    .isCloseTo((.75 * a + .25 * b + 3 * a) / 4, within(ABSOLUTE));
            Loss alike = loss(decoder, new BridgedObjective(targets, null, false, weights));
            assertThat(value(parameters, alike, first)).isCloseTo((a + b) / 2, within(ABSOLUTE));
            Loss turns = loss(decoder, new BridgedObjective(targets, shares, true, weights));
            assertThat(value(parameters, turns, first)).isCloseTo(2 * .75 * a, within(ABSOLUTE));
            assertThat(value(parameters, turns, second)).isCloseTo(2 * .25 * b, within(ABSOLUTE));
        }
    }

    /** Each pair has its flip probability, and they are weighted: the mean of two losses of one pair each. */
    @Test
    void preferenceWithFlips() {
        List<PreferenceObjective.Pair> pairs = List.of(
                new PreferenceObjective.Pair(SEQUENCES.get(0), SEQUENCES.get(3), -11, -6),
                new PreferenceObjective.Pair(SEQUENCES.get(1), SEQUENCES.get(2), -3, -12));
        ItemWeights weights = new ItemWeights(new double[] {1, 3});
        try (Decoder decoder = TinyDecoders.random(CONFIG, 6)) {
            Parameters parameters = decoder.parameters();
            Loss both = loss(
                    decoder,
                    new PreferenceObjective(pairs, weights, new double[] {0.1, 0.4}, new ConservativeDpoLoss(0.3, 0)));
            double one = value(
                    parameters,
                    loss(decoder, new PreferenceObjective(pairs, new ConservativeDpoLoss(0.3, 0.1))),
                    batch(0));
            double two = value(
                    parameters,
                    loss(decoder, new PreferenceObjective(pairs, new ConservativeDpoLoss(0.3, 0.4))),
                    batch(1));
            assertThat(value(parameters, both, batch(1, 0))).isCloseTo((one + 3 * two) / 4, within(ABSOLUTE));
            assertGradient(parameters, both, both, batch(1, 0));
        }
    }

    @Test
    void preference() {
        List<PreferenceObjective.Pair> pairs = List.of(
                new PreferenceObjective.Pair(SEQUENCES.get(0), SEQUENCES.get(3), -11, -6),
                new PreferenceObjective.Pair(SEQUENCES.get(1), SEQUENCES.get(2), -3, -12));
        ConservativeDpoLoss loss = new ConservativeDpoLoss(0.3, 0.1);
        try (Decoder decoder = TinyDecoders.random(CONFIG, 6)) {
            Loss objective = loss(decoder, new PreferenceObjective(pairs, loss));
            assertGradient(decoder.parameters(), objective, objective, batch(1, 0));
            double[][] logps = SequenceScorer.tokenLogps(decoder, SEQUENCES, 1);
            double expected =
                    (dpo(sum(logps[0]) + 11 - (sum(logps[3]) + 6)) + dpo(sum(logps[1]) + 3 - (sum(logps[2]) + 12))) / 2;
            assertThat(value(decoder.parameters(), objective, batch(0, 1))).isCloseTo(expected, within(ABSOLUTE));
        }
    }

    private static double dpo(double delta) {
        return Math.log1p(Math.exp(-0.3 * delta)) + 0.1 * 0.3 * delta;
    }

    private static Batch batch(int... items) {
        return new Batch(items, 0, 0, 0);
    }

    private static double sum(double[] values) {
        return Arrays.stream(values).sum();
    }

    private static double[] flat(double[][] rows) {
        return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
    }

    private static double value(Parameters parameters, Loss objective, Batch batch) {
        try (Scope scope = new Scope()) {
            double value = objective.accumulate(batch);
            parameters.gradients().zero_();
            return value;
        }
    }

    /** Along the gradient itself, and in the steepest and some random parameters. */
    private static void assertGradient(Parameters parameters, Loss objective, Loss loss, Batch batch) {
        float[] gradient;
        try (Scope scope = new Scope()) {
            parameters.gradients().zero_();
            objective.accumulate(batch);
            gradient = Tensors.toFloats(parameters.gradients());
            // A second pass adds.
            objective.accumulate(batch);
            float[] twice = Tensors.toFloats(parameters.gradients());
            for (int i = 0; i < gradient.length; i++) {
                assertThat(twice[i]).isCloseTo(2 * gradient[i], within(1e-6f + 1e-5f * Math.abs(gradient[i])));
            }
            parameters.gradients().zero_();
        }
        double norm = 0;
        int steepest = 0;
        for (int i = 0; i < gradient.length; i++) {
            norm += (double) gradient[i] * gradient[i];
            steepest = Math.abs(gradient[i]) > Math.abs(gradient[steepest]) ? i : steepest;
        }
        norm = Math.sqrt(norm);
        // Otherwise the comparison is one of noise.
        assertThat(norm).isGreaterThan(100 * ABSOLUTE);
        float[] direction = new float[gradient.length];
        for (int i = 0; i < direction.length; i++) {
            direction[i] = (float) (gradient[i] / norm);
        }
        assertSlope(parameters, loss, batch, direction, norm, "along the gradient");
        TreeSet<Integer> chosen = new TreeSet<>(List.of(steepest));
        CounterRandom random = CounterRandom.of(7, "parameters");
        for (int i = 0; i < 30; i++) {
            chosen.add(random.below(gradient.length, i));
        }
        for (int i : chosen) {
            float[] unit = new float[gradient.length];
            unit[i] = 1;
            assertSlope(parameters, loss, batch, unit, gradient[i], "parameter " + i);
        }
    }

    private static void assertSlope(
            Parameters parameters, Loss loss, Batch batch, float[] direction, double expected, String what) {
        double near = at(parameters, loss, batch, direction, STEP) - at(parameters, loss, batch, direction, -STEP);
        double far =
                at(parameters, loss, batch, direction, 2 * STEP) - at(parameters, loss, batch, direction, -2 * STEP);
        assertThat((8 * near - far) / (12 * STEP))
                .as(what)
                .isCloseTo(expected, within(ABSOLUTE + RELATIVE * Math.abs(expected)));
    }

    private static double at(Parameters parameters, Loss loss, Batch batch, float[] direction, float step) {
        try (Scope scope = new Scope()) {
            Tensor values = parameters.values();
            float[] kept = Tensors.toFloats(values);
            float[] moved = new float[kept.length];
            for (int i = 0; i < kept.length; i++) {
                moved[i] = kept[i] + step * direction[i];
            }
            FloatPointer data = values.data_ptr_float();
            data.put(moved);
            double value = loss.accumulate(batch);
            data.put(kept);
            parameters.gradients().zero_();
            return value;
        }
    }
}
