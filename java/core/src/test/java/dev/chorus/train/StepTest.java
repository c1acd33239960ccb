package dev.chorus.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.labels.ItemWeights;
import dev.chorus.loss.BridgedEvidentialLoss;
import dev.chorus.loss.ConservativeDpoLoss;
import dev.chorus.loss.EvidentialClassLoss;
import dev.chorus.loss.SoftCrossEntropyLoss;
import dev.chorus.model.Decoder;
import dev.chorus.model.TinyConfigs;
import dev.chorus.model.TinyDecoders;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.weights.LoraConfig;
import dev.chorus.model.weights.Precision;
import dev.chorus.supervise.BridgedObjective;
import dev.chorus.supervise.PreferenceObjective;
import dev.chorus.supervise.ReferenceLogps;
import dev.chorus.text.WordBridge.Word;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What must not matter to a step: how it is cut into micro-batches, and whether an item counts twice or stands there twice. */
class StepTest {
    /**
     * Parameters around 0.3 after twenty steps of SGD at a rate of 0.02: sums in another order round by some 1e-8 each, and the
     * steps carry that on.
     */
    private static final double LARGEST = 1e-5;

    /** Rounding has no direction; a weight that is forgotten somewhere has. */
    private static final double MEAN = 2e-7;

    private static final int V = 23;
    private static final int ITEMS = 8;
    private static final ModelConfig CONFIG = ModelConfig.gpt2(V, 16, 2, 2, 16);
    private static final List<int[]> TOKENS = TinyDecoders.sequences(V, 1, 6, 3, 9, 4, 12, 5, 7, 8);
    private static final double[][] SOFT = {
        {.7, .2, .1}, {0, 1, 0}, {.3, .3, .4}, {.1, .1, .8}, {1, 0, 0}, {.2, .5, .3}, {.6, 0, .4}, {0, .5, .5}
    };

    /**
     * An objective over some of the items.
     *
     * @param classes of the decoder's head; 0 for a language model
     * @param of      items (which may repeat) and their weights
     */
    private record Case(String name, int classes, Function<Chosen, Objective> of) {
        @Override
        public String toString() {
            return name;
        }
    }

    private record Chosen(int[] items, ItemWeights weights) {
        List<int[]> tokens() {
            return Arrays.stream(items).mapToObj(TOKENS::get).toList();
        }

        List<Sequence> sequences() {
            return tokens().stream().map(tokens -> new Sequence(tokens, 1)).toList();
        }
    }

    static Stream<Case> cases() {
        EvidentialClassLoss evidential = new EvidentialClassLoss(Evidence.EXP, 0.5);
        return Stream.of(
                new Case(
                        "language model",
                        0,
                        chosen -> new LanguageModelObjective(chosen.sequences(), chosen.weights())),
                new Case("bridged", 0, chosen -> new BridgedObjective(targets(chosen), chosen.weights())),
                new Case(
                        "evidential texts",
                        0,
                        chosen -> new BridgedObjective(
                                targets(chosen),
                                null,
                                false,
                                chosen.weights(),
                                (rows, scores, each, at) -> new BridgedEvidentialLoss(Evidence.EXP, 0.1)
                                        .of(
                                                rows.hidden(),
                                                rows.head(),
                                                rows.into(),
                                                rows.targets(),
                                                scores,
                                                each,
                                                0.5))),
                new Case(
                        "bridged, all labels",
                        0,
                        chosen -> new BridgedObjective(
                                targets(chosen).stream()
                                        .map(each -> List.of(each.get(0), each.get(0)))
                                        .toList(),
                                chosen.sequences().stream()
                                        .map(each -> new double[] {.25, .75})
                                        .toList(),
                                false,
                                chosen.weights())),
                new Case(
                        "preference",
                        0,
                        chosen -> new PreferenceObjective(
                                pairs(chosen), chosen.weights(), new ConservativeDpoLoss(0.3, 0.1))),
                new Case(
                        "classification",
                        3,
                        chosen -> new ClassificationObjective(
                                chosen.tokens(),
                                chosen.weights(),
                                item -> true,
                                (logits, items, weights, total, at) -> SoftCrossEntropyLoss.of(
                                        logits,
                                        Arrays.stream(items)
                                                .mapToObj(item -> SOFT[chosen.items()[item]])
                                                .toArray(double[][]::new),
                                        weights,
                                        total))),
                new Case(
                        "evidential",
                        3,
                        chosen -> new ClassificationObjective(
                                chosen.tokens(),
                                chosen.weights(),
                                item -> true,
                                (logits, items, weights, total, at) -> evidential.of(
                                        logits,
                                        Arrays.stream(items)
                                                .mapToObj(item -> new double[][] {
                                                    SOFT[chosen.items()[item]], SOFT[(chosen.items()[item] + 3) % 8]
                                                })
                                                .toArray(double[][][]::new),
                                        weights,
                                        total,
                                        at.share()))));
    }

    private static List<List<BridgedObjective.Target>> targets(Chosen chosen) {
        List<List<BridgedObjective.Target>> targets = new ArrayList<>();
        for (Sequence sequence : chosen.sequences()) {
            int length = sequence.tokens().length - 1;
            targets.add(List.of(new BridgedObjective.Target(
                    sequence, List.of(new Word(0, 1, 0, length)), new double[] {-0.2 * length})));
        }
        return targets;
    }

    private static List<PreferenceObjective.Pair> pairs(Chosen chosen) {
        return Arrays.stream(chosen.items())
                .mapToObj(item -> new PreferenceObjective.Pair(
                        new Sequence(TOKENS.get(item), 1), new Sequence(TOKENS.get((item + 1) % ITEMS), 1), -9, -11))
                .toList();
    }

    @BeforeAll
    static void oneThread() {
        LibTorch.threads(1);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void weightZeroIsRemovedAndWeightTwoIsTwice(Case each) {
        int[] all = IntStream.range(0, ITEMS).toArray();
        float[] weighted = trained(each, all, 0, 1, 2, 0, 1, 1, 0, 2, 1);
        float[] removed = trained(each, new int[] {0, 1, 1, 3, 4, 6, 6, 7}, 0, 1, 1, 1, 1, 1, 1, 1, 1);
        assertClose(weighted, removed);
        // The weights do something.
        assertThat(largest(weighted, trained(each, all, 0, 1, 1, 1, 1, 1, 1, 1, 1)))
                .isGreaterThan(100 * LARGEST);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void onlyRatiosOfWeightsMatter(Case each) {
        int[] all = IntStream.range(0, ITEMS).toArray();
        assertClose(trained(each, all, 0, 3, 3, 3, 3, 3, 3, 3, 3), trained(each, all, 0, 1, 1, 1, 1, 1, 1, 1, 1));
    }

    /** One batch of eight, eight of one, and three uneven ones; weighted, so that no mean of means passes. */
    @ParameterizedTest
    @MethodSource("cases")
    void oneBatchOfEightEqualsEightOfOne(Case each) {
        int[] all = IntStream.range(0, ITEMS).toArray();
        double[] weights = {1, 2, .5, 1, 1, 3, 1, 1};
        float[] whole = trained(each, all, 0, weights);
        assertClose(trained(each, all, 1, weights), whole);
        assertClose(trained(each, all, 3, weights), whole);
    }

    /**
     * With AdamW, which divides a gradient by its own size: where it is zero but for rounding, as that of a bias of the keys is,
     * which the softmax does not see, rounding becomes whole steps. Those are one in two hundred parameters here.
     */
    @Test
    void accumulationAgreesWithAdamWToo() {
        Case each = cases().findFirst().orElseThrow();
        Chosen chosen = new Chosen(IntStream.range(0, ITEMS).toArray(), ItemWeights.even(ITEMS));
        float[] whole = trained(each, chosen, new TrainSettings(20, 8, 0, "adamw", "constant", 1e-2, 0.01, 0, 1));
        float[] single = trained(each, chosen, new TrainSettings(20, 8, 1, "adamw", "constant", 1e-2, 0.01, 0, 1));
        double[] apart = new double[whole.length];
        for (int i = 0; i < apart.length; i++) {
            apart[i] = Math.abs(whole[i] - single[i]);
        }
        Arrays.sort(apart);
        assertThat(apart[apart.length * 99 / 100]).isLessThan(2e-4);
        assertThat(Math.abs(mean(whole, single))).isLessThan(2e-5);
    }

    /** Every seed drops other elements, and every step, and every micro-batch. */
    @Test
    void dropoutIsAFunctionOfTheSeedToo() {
        float[] one = adapterGradient(1, 0);
        assertThat(Arrays.equals(adapterGradient(1, 0), one)).isTrue();
        assertThat(Arrays.equals(adapterGradient(2, 0), one)).isFalse();
        assertThat(Arrays.equals(adapterGradient(1, 1), one)).isFalse();
    }

    private static float[] adapterGradient(long seed, int step) {
        try (Decoder decoder = TinyDecoders.frozen(TinyConfigs.LLAMA.config(), 8, Precision.F32);
                Scope scope = new Scope()) {
            decoder.adapt(new LoraConfig(4, 8, 0.3, List.of(LoraConfig.ALL), false), 1);
            TinyDecoders.randomise(decoder.parameters(), 2);
            decoder.parameters().gradients().zero_();
            List<Sequence> sequences = TinyDecoders.sequences(TinyConfigs.VOCABULARY, 1, 6, 9).stream()
                    .map(tokens -> new Sequence(tokens, 1))
                    .toList();
            new Step(decoder, new LanguageModelObjective(sequences), 0, seed)
                    .run(new int[] {0, 1}, new Progress(0, step, 0));
            return Tensors.toFloats(decoder.parameters().gradients());
        }
    }

    /** At step 0 the policy is its reference: no pair has a margin, and the loss is ln 2. */
    @Test
    void policyAndReferenceAgreeAtTheStart() {
        try (Decoder full = TinyDecoders.random(TinyConfigs.LLAMA.config(), 4);
                Decoder mixed = TinyDecoders.random(TinyConfigs.LLAMA.config(), 4, Precision.BF16)) {
            double[] ofFull = ReferenceLogps.of(full, PAIRED);
            // Log-probabilities of some tens of nats, handed over in f32.
            assertThat(margin(full, ofFull)).isLessThan(1e-4);
            // In bf16 a product's rounding depends on the size of its batch, and nothing else is left.
            double own = margin(mixed, ReferenceLogps.of(mixed, PAIRED));
            assertThat(margin(mixed, ofFull)).isGreaterThan(4 * own);
        }
    }

    private static final List<Sequence> PAIRED =
            TinyDecoders.sequences(TinyConfigs.VOCABULARY, 1, 6, 3, 19, 4, 12, 5, 7, 8).stream()
                    .map(tokens -> new Sequence(tokens, 1))
                    .toList();

    /** Mean over the pairs of the size of a pair's margin, nats. */
    private static double margin(Decoder policy, double[] reference) {
        List<PreferenceObjective.Pair> pairs = new ArrayList<>();
        for (int p = 0; p < PAIRED.size() / 2; p++) {
            pairs.add(new PreferenceObjective.Pair(
                    PAIRED.get(2 * p), PAIRED.get(2 * p + 1), reference[2 * p], reference[2 * p + 1]));
        }
        Step step = new Step(policy, new PreferenceObjective(pairs, new ConservativeDpoLoss(1, 0)), 0, 1);
        double sum = 0;
        for (int p = 0; p < pairs.size(); p++) {
            sum += Math.abs(
                    step.run(new int[] {p}, new Progress(0, 0, 0)).metrics().get("rewards/margins"));
        }
        return sum / pairs.size();
    }

    private static float[] trained(Case each, int[] items, int microBatch, double... weights) {
        return trained(
                each,
                new Chosen(items, new ItemWeights(weights)),
                new TrainSettings(20, 100, microBatch, "sgd", "constant", 0.02, 0, 0, 0));
    }

    private static float[] trained(Case each, Chosen chosen, TrainSettings settings) {
        try (Decoder decoder =
                        TinyDecoders.random(each.classes() == 0 ? CONFIG : CONFIG.withLabels(each.classes()), 3);
                Scope scope = new Scope()) {
            new Trainer(decoder, settings, 1)
                    .run(chosen.items().length, each.of().apply(chosen), null, (step, steps, loss) -> {});
            return Tensors.toFloats(decoder.parameters().values());
        }
    }

    private static void assertClose(float[] one, float[] other) {
        assertThat(largest(one, other)).isLessThan(LARGEST);
        assertThat(Math.abs(mean(one, other))).isLessThan(MEAN);
    }

    private static double largest(float[] one, float[] other) {
        double largest = 0;
        for (int i = 0; i < one.length; i++) {
            largest = Math.max(largest, Math.abs(one[i] - other[i]));
        }
        return largest;
    }

    private static double mean(float[] one, float[] other) {
        double sum = 0;
        for (int i = 0; i < one.length; i++) {
            sum += one[i] - other[i];
        }
        return sum / one.length;
    }
}
