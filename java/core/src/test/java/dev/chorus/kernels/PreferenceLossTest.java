package dev.chorus.kernels;

import static dev.chorus.kernels.Tensors.assertClose;
import static dev.chorus.kernels.Tensors.doubles;
import static dev.chorus.kernels.Tensors.floats;
import static dev.chorus.kernels.Tensors.leaf;
import static dev.chorus.kernels.Tensors.longs;
import static dev.chorus.kernels.TokenLogProbTest.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.kernels.PreferenceLoss.Pairs;
import dev.chorus.kernels.PreferenceLoss.Result;
import dev.chorus.kernels.PreferenceLoss.Tokens;
import dev.chorus.kernels.PreferenceLoss.Upstream;
import dev.chorus.kernels.PreferenceSpec.Divergence;
import dev.chorus.kernels.PreferenceSpec.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

@SuppressWarnings("try") // a PointerScope works by being open
class PreferenceLossTest {
    /** Golden values have eight decimals. */
    private static final double GOLDEN = 6e-9;

    /** Both compute in double, in other orders; numbers reach some thousands before they are rounded to f32. */
    private static final double TWO_FORMS = 1e-9;

    private static final double STEP = 1e-5;

    /** Central differences: STEP^2 of the third derivative, and 1e-16 of losses up to a thousand over STEP. */
    private static final double DIFFERENCES = 1e-7;

    /** Every kind against every divergence that it is defined for, twice the alpha one. */
    static Stream<PreferenceSpec> specs() {
        List<PreferenceSpec> specs = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            PreferenceSpec spec = spec(kind, 0.3);
            specs.add(spec);
            if (kind.takesDivergence()) {
                specs.add(spec.against(Divergence.FORWARD_KL));
                specs.add(spec.against(Divergence.JS));
                specs.add(spec.againstAlpha(0.5));
                specs.add(spec.againstAlpha(1));
            }
        }
        return specs.stream();
    }

    private static PreferenceSpec spec(Kind kind, double beta) {
        return switch (kind) {
            case BCO -> PreferenceSpec.bco(beta, 0.2);
            case DISCOPOP -> PreferenceSpec.discopop(beta, 0.5);
            case HINGE, IPO, IPO_MEAN, NCA, SPPO, APO_ZERO, APO_DOWN -> PreferenceSpec.of(kind, beta);
            default -> PreferenceSpec.of(kind, beta, 0.2);
        };
    }

    /** What both sides compute from. */
    private static PreferenceLossReference.Pairs random(Random random, PreferenceSpec spec, int pairs, double low) {
        double[] weights = Tensors.random(random, pairs, 0.1, 3);
        if (spec.kind().sorts()) {
            Arrays.fill(weights, 1.5);
        }
        for (int n = 1; n < pairs; n += 3) {
            weights[n] = 0;
        }
        return new PreferenceLossReference.Pairs(
                Tensors.random(random, pairs, low, 0),
                Tensors.random(random, pairs, low, 0),
                Tensors.random(random, pairs, low, 0),
                Tensors.random(random, pairs, low, 0),
                random.ints(pairs, 1, 9).asDoubleStream().toArray(),
                random.ints(pairs, 1, 9).asDoubleStream().toArray(),
                weights,
                spec.kind().takesFlip() ? Tensors.random(random, pairs, 0.01, 0.45) : null);
    }

    private static Pairs tensors(PreferenceLossReference.Pairs x) {
        return new Pairs(
                floats(x.policyChosen()),
                floats(x.policyRejected()),
                x.refChosen() == null ? null : floats(x.refChosen()),
                x.refRejected() == null ? null : floats(x.refRejected()),
                x.chosenLengths() == null
                        ? null
                        : longs(Arrays.stream(x.chosenLengths())
                                .mapToLong(v -> (long) v)
                                .toArray()),
                x.rejectedLengths() == null
                        ? null
                        : longs(Arrays.stream(x.rejectedLengths())
                                .mapToLong(v -> (long) v)
                                .toArray()),
                x.weights() == null ? null : floats(x.weights()),
                x.flip() == null ? null : floats(x.flip()));
    }

    @ParameterizedTest
    @MethodSource("specs")
    void equalsReference(PreferenceSpec spec) {
        Random random = new Random(71);
        for (int pairs : new int[] {0, 1, 7, 101}) {
            PreferenceLossReference.Pairs x = random(random, spec, pairs, -6);
            double[] dloss = Tensors.random(random, pairs, -2, 2);
            double scale = 0.25;
            double[] upstream = Arrays.stream(dloss).map(d -> scale * d).toArray();
            PreferenceLossReference.Result expected = PreferenceLossReference.compute(spec, x, upstream);
            try (PointerScope scope = new PointerScope()) {
                Result result = PreferenceLoss.compute(spec, tensors(x), new Upstream(scale, floats(dloss)));
                assertClose(result.loss(), expected.loss(), TWO_FORMS);
                assertClose(result.dchosen(), expected.dchosen(), TWO_FORMS);
                assertClose(result.drejected(), expected.drejected(), TWO_FORMS);
                assertClose(result.chosenRewards(), expected.chosenRewards(), TWO_FORMS);
                assertClose(result.rejectedRewards(), expected.rejectedRewards(), TWO_FORMS);

                double lossSum = Arrays.stream(expected.loss()).sum();
                double margins = 0;
                int right = 0;
                int counted = 0;
                for (int n = 0; n < pairs; n++) {
                    margins += expected.chosenRewards()[n] - expected.rejectedRewards()[n];
                    right += expected.chosenRewards()[n] > expected.rejectedRewards()[n] ? 1 : 0;
                    counted += x.weight(n) != 0 ? 1 : 0;
                }
                assertThat(result.lossSum()).isCloseTo(lossSum, within(TWO_FORMS * Math.max(1, Math.abs(lossSum))));
                assertThat(result.marginSum()).isCloseTo(margins, within(TWO_FORMS));
                assertThat(result.right()).isEqualTo(right);
                assertThat(result.pairs()).isEqualTo(counted);
                assertThat(doubles(
                                PreferenceLoss.compute(spec, tensors(x), null).loss()))
                        .isEqualTo(doubles(result.loss()));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("specs")
    void gradientOfTheReferenceEqualsCentralDifferences(PreferenceSpec spec) {
        PreferenceLossReference.Pairs x = random(new Random(72), spec, 7, -2);
        double[] upstream = {0.5, -1, 2, 1, 0.3, 1, -0.7};
        PreferenceLossReference.Result result = PreferenceLossReference.compute(spec, x, upstream);
        for (int n = 0; n < 7; n++) {
            assertThat(result.dchosen()[n])
                    .as("chosen %d", n)
                    .isCloseTo(difference(spec, x, upstream, x.policyChosen(), n), within(DIFFERENCES));
            assertThat(result.drejected()[n])
                    .as("rejected %d", n)
                    .isCloseTo(difference(spec, x, upstream, x.policyRejected(), n), within(DIFFERENCES));
        }
    }

    private static double difference(
            PreferenceSpec spec, PreferenceLossReference.Pairs x, double[] upstream, double[] moved, int n) {
        double at = moved[n];
        moved[n] = at + STEP;
        double above = objective(spec, x, upstream);
        moved[n] = at - STEP;
        double below = objective(spec, x, upstream);
        moved[n] = at;
        return (above - below) / (2 * STEP);
    }

    private static double objective(PreferenceSpec spec, PreferenceLossReference.Pairs x, double[] upstream) {
        double[] loss = PreferenceLossReference.compute(spec, x, upstream).loss();
        double sum = 0;
        for (int n = 0; n < loss.length; n++) {
            sum += upstream[n] * loss[n];
        }
        return sum;
    }

    @Test
    void equalsLibTorchWithAutograd() {
        Random random = new Random(73);
        PreferenceSpec spec = PreferenceSpec.of(Kind.SIGMOID, 0.1);
        PreferenceLossReference.Pairs x = random(random, spec, 101, -40);
        try (PointerScope scope = new PointerScope()) {
            Pairs pairs = tensors(x);
            Result result = PreferenceLoss.compute(spec, pairs, Upstream.of(0.25));
            Tensor chosen = leaf(pairs.policyChosen());
            Tensor rejected = leaf(pairs.policyRejected());
            Tensor margin =
                    Tensors.times(chosen.sub(pairs.refChosen()).sub(rejected.sub(pairs.refRejected())), spec.beta());
            Tensor loss = torch.log_sigmoid(margin)
                    .neg()
                    .add(margin.mul(pairs.flip()))
                    .mul(pairs.weights());
            Tensors.times(loss.sum(), 0.25).backward();
            assertClose(result.loss(), doubles(loss), 1e-12);
            assertClose(result.dchosen(), doubles(chosen.grad()), 1e-12);
            assertClose(result.drejected(), doubles(rejected.grad()), 1e-12);
        }
    }

    static Stream<Golden> golden() {
        PreferenceSpec sigmoid = PreferenceSpec.of(Kind.SIGMOID, .1);
        return Stream.of(
                new Golden(sigmoid, .59813887, .82593942),
                new Golden(PreferenceSpec.of(Kind.SIGMOID, .1, .1), .61813887, .80093942),
                new Golden(PreferenceSpec.of(Kind.ROBUST, .1, .1), .57313887, .85718942),
                new Golden(PreferenceSpec.of(Kind.HINGE, .1), .8, 1.25),
                new Golden(PreferenceSpec.of(Kind.IPO_MEAN, .1), 20.7025, 27.73777778),
                new Golden(PreferenceSpec.of(Kind.IPO, .1), 9, 56.25),
                new Golden(PreferenceSpec.of(Kind.EXO, .1, 1e-3), 2.42201462, 3.19842044),
                new Golden(PreferenceSpec.of(Kind.NCA, .1), 1.33879332, 1.45207351),
                new Golden(PreferenceSpec.of(Kind.BCO, .1), 1.28879332, 1.51535371),
                new Golden(PreferenceSpec.bco(.1, .0125), 1.28883228, 1.51523698),
                new Golden(PreferenceSpec.of(Kind.SPPO, .1), 32, 78.25),
                // The second pair comes first among the sorted values.
                new Golden(PreferenceSpec.of(Kind.AOT, .1), .59813887, .82593942),
                new Golden(PreferenceSpec.of(Kind.AOT_UNPAIRED, .1), .71845965, .69314718),
                new Golden(PreferenceSpec.of(Kind.APO_ZERO, .1), .95004163, 1.06240903),
                new Golden(PreferenceSpec.of(Kind.APO_DOWN, .1), .97514519, 1.03719731),
                new Golden(PreferenceSpec.discopop(.1, .05), .81476314, .82900532),
                new Golden(PreferenceSpec.of(Kind.SIGMOID_MEAN, .1), .67090028, .70656940),
                new Golden(sigmoid.against(Divergence.FORWARD_KL), .58251671, .82566689),
                new Golden(sigmoid.against(Divergence.JS), .64439666, .75028406),
                new Golden(sigmoid.againstAlpha(.5), .59434912, .81768581));
    }

    record Golden(PreferenceSpec spec, double first, double second) {}

    private static PreferenceLossReference.Pairs goldenPairs() {
        return new PreferenceLossReference.Pairs(
                new double[] {-12, -30},
                new double[] {-15, -28},
                new double[] {-13, -29},
                new double[] {-14, -29.5},
                new double[] {4, 10},
                new double[] {5, 9},
                null,
                null);
    }

    @ParameterizedTest
    @MethodSource("golden")
    void equalsGoldenValues(Golden golden) {
        double[] expected = {golden.first, golden.second};
        PreferenceLossReference.Pairs x = goldenPairs();
        assertThat(PreferenceLossReference.compute(golden.spec, x, new double[2])
                        .loss())
                .containsExactly(expected, within(GOLDEN));
        try (PointerScope scope = new PointerScope()) {
            assertClose(PreferenceLoss.compute(golden.spec, tensors(x), null).loss(), expected, GOLDEN);
        }
    }

    @Test
    void goldenReferenceFreeGradientsAndRewards() {
        try (PointerScope scope = new PointerScope()) {
            Pairs x = tensors(goldenPairs());
            PreferenceSpec sigmoid = PreferenceSpec.of(Kind.SIGMOID, .1);
            assertClose(
                    PreferenceLoss.compute(sigmoid, Pairs.of(x.policyChosen(), x.policyRejected(), null, null), null)
                            .loss(),
                    new double[] {.55435524, .79813887},
                    GOLDEN);
            Result result = PreferenceLoss.compute(sigmoid, x, Upstream.of(1));
            assertClose(result.dchosen(), new double[] {-.04501660, -.05621765}, GOLDEN);
            assertClose(result.drejected(), new double[] {.04501660, .05621765}, GOLDEN);
            assertClose(result.chosenRewards(), new double[] {.1, -.1}, GOLDEN);
            assertClose(result.rejectedRewards(), new double[] {-.1, .15}, GOLDEN);
            assertThat(result.lossSum()).isCloseTo(.59813887 + .82593942, within(2 * GOLDEN));
            assertThat(result.right()).isEqualTo(1);
            Tensor flip = floats(new double[] {.1, .1});
            assertClose(
                    PreferenceLoss.compute(sigmoid, x.with(null, flip), Upstream.of(1))
                            .dchosen(),
                    new double[] {-.03501660, -.04621765},
                    GOLDEN);
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void weightZeroIsRemovedAndWeightTwoIsThePairTwice(Kind kind) {
        PreferenceSpec spec = spec(kind, 0.3);
        try (PointerScope scope = new PointerScope()) {
            double nan = Double.NaN;
            Pairs twice = new Pairs(
                    floats(new double[] {-3, -3}),
                    floats(new double[] {-4, -4}),
                    floats(new double[] {-3.5, -3.5}),
                    floats(new double[] {-2, -2}),
                    longs(3, 3),
                    longs(5, 5),
                    null,
                    null);
            Pairs once = new Pairs(
                    floats(new double[] {-3, nan}),
                    floats(new double[] {-4, nan}),
                    floats(new double[] {-3.5, Double.NEGATIVE_INFINITY}),
                    floats(new double[] {-2, nan}),
                    longs(3, 0),
                    longs(5, -1),
                    floats(new double[] {2, 0}),
                    kind.takesFlip() ? floats(new double[] {spec.epsilon(), nan}) : null);
            Result a = PreferenceLoss.compute(spec, once, Upstream.of(1));
            // The flip of the one is rounded to f32, the epsilon of the other is not.
            Result b = PreferenceLoss.compute(spec, twice, Upstream.of(1));
            assertClose(a.loss(), new double[] {2 * doubles(b.loss())[0], 0}, 1e-7);
            assertClose(a.dchosen(), new double[] {2 * doubles(b.dchosen())[0], 0}, 1e-7);
            assertClose(a.drejected(), new double[] {2 * doubles(b.drejected())[0], 0}, 1e-7);
            assertThat(a.pairs()).isEqualTo(1);
        }
    }

    @Test
    void halfPrecisionEqualsTheWidenedValues() {
        PreferenceSpec spec = PreferenceSpec.of(Kind.SIGMOID, 0.3, 0.1);
        try (PointerScope scope = new PointerScope()) {
            Pairs x = tensors(random(new Random(74), spec, 21, -20));
            Pairs half = new Pairs(
                    half(x.policyChosen()),
                    half(x.policyRejected()),
                    half(x.refChosen()),
                    half(x.refRejected()),
                    null,
                    null,
                    x.weights(),
                    x.flip());
            Pairs widened = new Pairs(
                    half.policyChosen().toType(ScalarType.Float),
                    half.policyRejected().toType(ScalarType.Float),
                    half.refChosen().toType(ScalarType.Float),
                    half.refRejected().toType(ScalarType.Float),
                    null,
                    null,
                    x.weights(),
                    x.flip());
            Result a = PreferenceLoss.compute(spec, half, Upstream.of(1));
            Result b = PreferenceLoss.compute(spec, widened, Upstream.of(1));
            assertThat(doubles(a.loss())).isEqualTo(doubles(b.loss()));
            assertThat(doubles(a.drejected())).isEqualTo(doubles(b.drejected()));
        }
    }

    private static Tensor half(Tensor values) {
        return values.toType(ScalarType.BFloat16);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void tokensEqualTheirSums(Kind kind) {
        PreferenceSpec spec = spec(kind, 0.3);
        Random random = new Random(75);
        int pairs = 5;
        long[] offsets = new long[2 * pairs + 1];
        for (int i = 0; i < 2 * pairs; i++) {
            offsets[i + 1] = offsets[i] + 1 + random.nextInt(20);
        }
        int count = (int) offsets[2 * pairs];
        // Eighths, so that sums are exact in f32.
        double[] policy = random.ints(count, -32, 0).mapToDouble(v -> v / 8.0).toArray();
        double[] ref = random.ints(count, -32, 0).mapToDouble(v -> v / 8.0).toArray();
        double[] tokenWeights =
                random.ints(count, 0, 3).mapToDouble(v -> v / 2.0).toArray();
        double[][] sums = new double[4][pairs];
        long[][] lengths = new long[2][pairs];
        for (int i = 0; i < 2 * pairs; i++) {
            tokenWeights[(int) offsets[i]] = 1;
            for (int t = (int) offsets[i]; t < offsets[i + 1]; t++) {
                sums[i % 2][i / 2] += tokenWeights[t] * policy[t];
                sums[2 + i % 2][i / 2] += tokenWeights[t] * ref[t];
                lengths[i % 2][i / 2] += tokenWeights[t] > 0 ? 1 : 0;
            }
        }
        try (PointerScope scope = new PointerScope()) {
            Pairs x = new Pairs(
                    floats(sums[0]),
                    floats(sums[1]),
                    floats(sums[2]),
                    floats(sums[3]),
                    longs(lengths[0]),
                    longs(lengths[1]),
                    null,
                    null);
            Tensor policyTokens = floats(policy);
            Tensor weights = floats(tokenWeights);
            Tensor starts = longs(offsets);
            Result expected = PreferenceLoss.compute(spec, x, Upstream.of(0.5));
            Result ofTokens = PreferenceLoss.compute(
                    spec,
                    new Tokens(policyTokens, floats(ref), null, null, starts, weights, null, null),
                    Upstream.of(0.5));
            Result ofSums = PreferenceLoss.compute(
                    spec,
                    new Tokens(policyTokens, null, x.refChosen(), x.refRejected(), starts, weights, null, null),
                    Upstream.of(0.5));
            // Eighths are exact in bf16 too.
            Result ofHalf = PreferenceLoss.compute(
                    spec,
                    new Tokens(half(policyTokens), half(floats(ref)), null, null, starts, weights, null, null),
                    Upstream.of(0.5));
            double[] dtokens = new double[count];
            double[] dchosen = doubles(expected.dchosen());
            double[] drejected = doubles(expected.drejected());
            for (int i = 0; i < 2 * pairs; i++) {
                for (int t = (int) offsets[i]; t < offsets[i + 1]; t++) {
                    dtokens[t] = tokenWeights[t] * (i % 2 == 0 ? dchosen : drejected)[i / 2];
                }
            }
            for (Result result : List.of(ofTokens, ofSums, ofHalf)) {
                assertThat(doubles(result.loss())).isEqualTo(doubles(expected.loss()));
                assertThat(doubles(result.chosenRewards())).isEqualTo(doubles(expected.chosenRewards()));
                // One rounding against two.
                assertClose(result.dtokens(), dtokens, 1e-12);
                assertThat(result.lossSum()).isEqualTo(expected.lossSum());
            }
        }
    }

    @Test
    void kernelExceptionNamesThePair() {
        PreferenceSpec spec = PreferenceSpec.of(Kind.SIGMOID, 1);
        try (PointerScope scope = new PointerScope()) {
            Tensor good = floats(new double[] {-1, -2});
            Tensor bad = floats(new double[] {-1, Double.NEGATIVE_INFINITY});
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> PreferenceLoss.compute(spec, Pairs.of(good, bad, good, good), null))
                    .withMessage("preference failed on [P=2] f32: preference_f32: "
                            + "pair 1: policy_rejected is -inf, expected finite");
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(
                            () -> PreferenceLoss.compute(spec, Pairs.of(good, good, good, good), new Upstream(1, bad)))
                    .withMessageContaining("pair 1: dloss is -inf");
            Tensor weights = floats(new double[] {1, 2});
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> PreferenceLoss.compute(
                            PreferenceSpec.of(Kind.AOT, 1),
                            Pairs.of(good, good, good, good).with(weights, null),
                            null))
                    .withMessageContaining("pair 1: weight is 2 where another is 1");
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> PreferenceLoss.compute(
                            PreferenceSpec.of(Kind.HINGE, 1),
                            Pairs.of(good, good, good, good).with(null, weights),
                            null))
                    .withMessageContaining("takes no flip for each pair");
        }
    }

    @Test
    void refusesWrongArguments() {
        PreferenceSpec spec = PreferenceSpec.of(Kind.SIGMOID, 1);
        try (PointerScope scope = new PointerScope()) {
            Tensor two = floats(new double[] {-1, -2});
            Tensor one = floats(new double[] {-1});
            assertRefused(
                    () -> PreferenceLoss.compute(spec, Pairs.of(two, one, two, two), null),
                    "policyRejected: expected shape [2], got [1]");
            assertRefused(
                    () -> PreferenceLoss.compute(spec, Pairs.of(two, two, two, null), null),
                    "refChosen and refRejected: expected both or neither");
            assertRefused(
                    () -> PreferenceLoss.compute(spec, Pairs.of(null, two, two, two), null),
                    "policyChosen: expected a tensor, got null");
            assertRefused(
                    () -> PreferenceLoss.compute(spec, Pairs.of(two, two, half(two), two), null),
                    "refChosen: expected dtype Float, got BFloat16");
            assertRefused(
                    () -> PreferenceLoss.compute(
                            spec, Pairs.of(two, two, two, two).with(null, one), null),
                    "flip: expected shape [2], got [1]");
            assertRefused(
                    () -> PreferenceLoss.compute(
                            spec, new Tokens(two, two, null, null, longs(0, 1, 3), null, null, null), null),
                    "offsets: expected them to end with 2 tokens, got 3");
            Result forward = PreferenceLoss.compute(spec, Pairs.of(two, two, two, two), null);
            assertThatExceptionOfType(IllegalStateException.class).isThrownBy(forward::dchosen);
            Result gradient = PreferenceLoss.compute(spec, Pairs.of(two, two, two, two), Upstream.of(1));
            assertThatExceptionOfType(IllegalStateException.class).isThrownBy(gradient::dtokens);
        }
    }

    @Test
    void refusesNumbersThatAKindDoesNotHave() {
        assertRefused(() -> PreferenceSpec.of(Kind.SIGMOID, 0), "beta: expected a finite number above 0, got 0.0");
        assertRefused(() -> PreferenceSpec.of(Kind.HINGE, 1, 0.1), "epsilon: expected 0 for HINGE, got 0.1");
        assertRefused(
                () -> PreferenceSpec.of(Kind.ROBUST, 1, 0.5),
                "epsilon: expected it in [0, 0.49999999999999994] for ROBUST, got 0.5");
        assertRefused(() -> PreferenceSpec.of(Kind.DISCOPOP, 1), "parameter: 0.0 is not one of DISCOPOP");
        assertRefused(
                () -> PreferenceSpec.of(Kind.AOT, 1).against(Divergence.JS),
                "divergence: AOT is defined for REVERSE_KL alone, got JS");
        assertRefused(
                () -> PreferenceSpec.of(Kind.SIGMOID, 1).againstAlpha(Double.NaN),
                "alpha: expected a finite number, got NaN");
    }
}
