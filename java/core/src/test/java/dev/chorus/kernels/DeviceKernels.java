package dev.chorus.kernels;

import static dev.chorus.kernels.Tensors.floats;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chorus.kernels.EvidentialLoss.Evidence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every facade on a device gives what it gives on the host. The kernels' own numbers are the C++ tests' business, over many more
 * shapes; here it is that each argument arrives in its place. On a real GPU ({@link CudaKernelsTest}) and on the simulated one
 * ({@link SimulatedKernelsTest}).
 */
abstract class DeviceKernels {
    /** Elements in f32 on both sides, or in double on the host's: a few roundings of numbers up to 20. */
    private static final double ABSOLUTE = 5e-6;

    private static final double RELATIVE = 3e-6;
    /** One rounding of a gradient to bf16, to either side. */
    private static final double BF16_RELATIVE = 0.0079;

    private static final int N = 13;
    private static final int V = 531;
    private static final int W = 3;
    private static final int K = 7;
    private static final int P = 9;

    private final Random random = new Random(41);
    private dev.chorus.torch.Scope scope;

    /** A copy on the device. */
    abstract Tensor bring(Tensor tensor);

    /** Runs calls whose tensors are on the device. */
    abstract <T> T onDevice(Supplier<T> calls);

    /** A computation that gets its tensors to where it is to run. */
    interface Computation {
        List<Tensor> run(UnaryOperator<Tensor> bring);
    }

    @BeforeEach
    void openScope() {
        scope = new dev.chorus.torch.Scope();
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    private Tensor uniform(double low, double high, int... shape) {
        int count = 1;
        long[] sizes = new long[shape.length];
        for (int i = 0; i < shape.length; i++) {
            count *= shape[i];
            sizes[i] = shape[i];
        }
        return floats(Tensors.random(random, count, low, high)).view(sizes);
    }

    private Tensor below(int bound, int... shape) {
        return between(0, bound, shape);
    }

    /** int64 in [low, bound). */
    private Tensor between(int low, int bound, int... shape) {
        int count = 1;
        long[] sizes = new long[shape.length];
        for (int i = 0; i < shape.length; i++) {
            count *= shape[i];
            sizes[i] = shape[i];
        }
        return Tensors.longs(random.longs(count, low, bound).toArray()).view(sizes);
    }

    private Tensor probabilities(int... shape) {
        return dev.chorus.torch.Tensors.floats(dev.chorus.torch.Tensors.toFloats(uniform(-2, 2, shape)), size(shape))
                .softmax(shape.length - 1);
    }

    private static long[] size(int... shape) {
        long[] sizes = new long[shape.length];
        for (int i = 0; i < shape.length; i++) {
            sizes[i] = shape[i];
        }
        return sizes;
    }

    private Tensor weights(int count) {
        Tensor weights = uniform(0.2, 2, count);
        weights.narrow(0, 2, 1).zero_();
        return weights;
    }

    private void compare(Computation computation) {
        compare(computation, RELATIVE);
    }

    private void compare(Computation computation, double relative) {
        List<Tensor> host = computation.run(Tensor::clone);
        List<Tensor> device = onDevice(() -> computation.run(this::bring));
        assertThat(device).hasSameSizeAs(host);
        for (int i = 0; i < host.size(); i++) {
            Tensor actual = device.get(i).cpu();
            assertThat(dev.chorus.torch.Tensors.shape(actual)).isEqualTo(dev.chorus.torch.Tensors.shape(host.get(i)));
            double[] expected = wide(host.get(i));
            Tensors.assertClose(wide(actual), expected, ABSOLUTE, relative);
            assertThat(Arrays.stream(expected).anyMatch(x -> x != 0))
                    .as("result %d says something", i)
                    .isTrue();
        }
    }

    private static double[] wide(Tensor tensor) {
        return Tensors.doubles(tensor.toType(ScalarType.Float).contiguous().view(-1));
    }

    private static double tolerance(ScalarType dtype) {
        return dtype == ScalarType.BFloat16 ? BF16_RELATIVE : RELATIVE;
    }

    @ParameterizedTest
    @EnumSource(names = {"Float", "BFloat16"})
    void tokenLogProb(ScalarType dtype) {
        Tensor logits = uniform(-8, 8, N, V).toType(dtype);
        Tensor targets = below(V, N);
        Tensor weights = weights(N);
        Tensor dlogps = uniform(-2, 2, N);
        compare(
                bring -> {
                    Tensor z = bring.apply(logits);
                    TokenLogProb.Result r = TokenLogProb.forward(z, bring.apply(targets), bring.apply(weights));
                    TokenLogProb.backwardInPlace(
                            z, bring.apply(targets), r.lse(), bring.apply(dlogps), bring.apply(weights));
                    return List.of(r.logps(), r.lse(), r.entropy(), z);
                },
                tolerance(dtype));
    }

    @Test
    void halfPrecisionIsOfDevicesAlone() {
        Tensor logits = uniform(-8, 8, N, V).toType(ScalarType.Half);
        Tensor targets = below(V, N);
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> TokenLogProb.forward(logits, targets, null))
                .withMessageContaining("expected dtype Float or BFloat16, got Half");
        TokenLogProb.Result wide = TokenLogProb.forward(logits.toType(ScalarType.Float), targets, null);
        Tensor logps = onDevice(
                () -> TokenLogProb.forward(bring(logits), bring(targets), null).logps());
        Tensors.assertClose(wide(logps.cpu()), wide(wide.logps()), ABSOLUTE, RELATIVE);
    }

    @ParameterizedTest
    @EnumSource(names = {"Float", "BFloat16"})
    void ensembleLogProb(ScalarType dtype) {
        Tensor logits = uniform(-8, 8, W, N, V).toType(dtype);
        Tensor targets = below(V, N);
        Tensor weights = weights(N);
        Tensor omega = floats(new double[] {0.25, 0.5, 0.25});
        Tensor offsets = Tensors.longs(0, 4, 4, N);
        Tensor dlogps = uniform(-1, 1, W, N);
        Tensor dmixture = uniform(-1, 1, N);
        Tensor dsequence = uniform(-1, 1, W, 3);
        Tensor dsequenceMixture = uniform(-1, 1, 3);
        compare(
                bring -> {
                    Tensor z = bring.apply(logits);
                    Tensor t = bring.apply(targets);
                    Tensor w = bring.apply(weights);
                    Tensor o = bring.apply(omega);
                    Tensor s = bring.apply(offsets);
                    EnsembleLogProb.Result r = EnsembleLogProb.forward(z, t, w, o, s);
                    EnsembleLogProb.backwardInPlace(
                            z,
                            t,
                            r,
                            new EnsembleLogProb.Upstream(
                                    bring.apply(dlogps),
                                    bring.apply(dmixture),
                                    bring.apply(dsequence),
                                    bring.apply(dsequenceMixture)),
                            w,
                            o,
                            s);
                    return List.of(
                            r.logps(), r.lse(), r.entropy(), r.mixture(), r.sequenceLogps(), r.sequenceMixture(), z);
                },
                tolerance(dtype));
    }

    @Test
    void raggedEnsembleLogProb() {
        List<RaggedEnsembleLogProb.Model> models = new ArrayList<>();
        int[] rows = {N, 6};
        int[] vocabularies = {V, 40};
        for (int w = 0; w < 2; w++) {
            models.add(new RaggedEnsembleLogProb.Model(
                    uniform(-8, 8, rows[w], vocabularies[w]),
                    below(vocabularies[w], rows[w]),
                    weights(rows[w]),
                    Tensors.longs(0, 3, rows[w])));
        }
        Tensor omega = floats(new double[] {0.5, 0.5});
        Tensor dsequence = uniform(-1, 1, 2, 2);
        Tensor dmixture = uniform(-1, 1, 2);
        compare(bring -> {
            List<RaggedEnsembleLogProb.Model> here = models.stream()
                    .map(m -> new RaggedEnsembleLogProb.Model(
                            bring.apply(m.logits()),
                            bring.apply(m.targets()),
                            bring.apply(m.weights()),
                            bring.apply(m.offsets())))
                    .toList();
            Tensor o = bring.apply(omega);
            RaggedEnsembleLogProb.Result r = RaggedEnsembleLogProb.forward(here, o);
            RaggedEnsembleLogProb.backwardInPlace(here, r, bring.apply(dsequence), bring.apply(dmixture), o);
            List<Tensor> results = new ArrayList<>(r.logps());
            results.addAll(r.lse());
            results.addAll(r.entropy());
            results.addAll(List.of(r.sequenceLogps(), r.sequenceMeans(), r.sequenceMixture()));
            here.forEach(m -> results.add(m.logits()));
            return results;
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"token", "named", "dense"})
    void linearLogProb(String kind) {
        int width = 24;
        Tensor hidden = uniform(-1, 1, N, width);
        Tensor weight = uniform(-1, 1, V, width);
        Tensor bias = uniform(-1, 1, V);
        Tensor ids = kind.equals("named") ? distinct(N, 4) : below(V, N);
        Tensor named = probabilities(N, 4).mul(dev.chorus.torch.Tensors.scalar(0.9));
        Tensor dense = probabilities(N, V);
        Tensor weights = weights(N);
        Tensor dlogps = uniform(-1, 1, N);
        compare(bring -> {
            LanguageHead head = new LanguageHead(bring.apply(weight), bring.apply(bias), 0.7, 9);
            HeadTarget target =
                    switch (kind) {
                        case "token" -> new HeadTarget.Token(bring.apply(ids));
                        case "named" -> new HeadTarget.Named(bring.apply(ids), bring.apply(named));
                        default -> new HeadTarget.Dense(bring.apply(dense));
                    };
            Tensor dweight = bring.apply(dev.chorus.torch.Tensors.zeros(V, width));
            Tensor dbias = bring.apply(dev.chorus.torch.Tensors.zeros(V));
            // A budget of a few rows, for several chunks.
            LinearLogProb.Gradients g = LinearLogProb.forwardBackward(
                    bring.apply(hidden),
                    head,
                    target,
                    bring.apply(weights),
                    bring.apply(dlogps),
                    new HeadGradients(dweight, dbias),
                    5 * (8L * V + 1000));
            LinearLogProb.Result r = g.result();
            return List.of(r.logps(), r.kl(), r.lse(), r.entropy(), r.top1(), g.dhidden(), dweight, dbias);
        });
    }

    /** [rows, k] tokens, none twice in a row. */
    private Tensor distinct(int rows, int k) {
        long[] ids = new long[rows * k];
        for (int n = 0; n < rows; n++) {
            long[] row = random.longs(0, V).distinct().limit(k).toArray();
            System.arraycopy(row, 0, ids, n * k, k);
        }
        return Tensors.longs(ids).view(rows, k);
    }

    @ParameterizedTest
    @EnumSource(Evidence.class)
    void evidentialLoss(Evidence evidence) {
        Tensor logits = uniform(-3, 3, N, K);
        Tensor targets = probabilities(N, W, K);
        Tensor lambda = uniform(0.1, 1, N, W);
        Tensor weights = weights(N);
        Tensor dloss = uniform(0.1, 1, N);
        compare(bring -> {
            Tensor z = bring.apply(logits);
            Tensor y = bring.apply(targets);
            Tensor l = bring.apply(lambda);
            Tensor w = bring.apply(weights);
            Tensor d = bring.apply(dloss);
            EvidentialLoss.Result forward = EvidentialLoss.forward(z, y, l, w, evidence, 0.3);
            EvidentialLoss.LossAndGradient both = EvidentialLoss.forwardBackward(d, z, y, l, w, evidence, 0.3);
            return List.of(
                    forward.loss(),
                    forward.nll(),
                    forward.kl(),
                    both.result().loss(),
                    both.result().kl(),
                    both.dlogits(),
                    EvidentialLoss.backward(d, z, y, l, w, evidence, 0.3));
        });
    }

    @Test
    void linearEvidentialLoss() {
        int width = 24;
        Tensor hidden = uniform(-1, 1, N, width);
        Tensor weight = uniform(-1, 1, V, width);
        Tensor ids = distinct(N, 4);
        Tensor probabilities = probabilities(N, 4).mul(dev.chorus.torch.Tensors.scalar(0.9));
        Tensor weights = weights(N);
        Tensor dloss = uniform(0.1, 1, N);
        compare(bring -> {
            Tensor dweight = bring.apply(dev.chorus.torch.Tensors.zeros(V, width));
            LinearEvidentialLoss.Gradients g = LinearEvidentialLoss.forwardBackward(
                    bring.apply(hidden),
                    LanguageHead.of(bring.apply(weight)),
                    bring.apply(ids),
                    bring.apply(probabilities),
                    bring.apply(weights),
                    bring.apply(dloss),
                    Evidence.SOFTPLUS,
                    0.01,
                    new HeadGradients(dweight, null),
                    1 << 20);
            return List.of(g.result().loss(), g.result().nll(), g.result().kl(), g.dhidden(), dweight);
        });
    }

    @Test
    void dirichletAggregation() {
        Tensor votes = between(-1, K, N, W);
        Tensor labels = probabilities(N, W, K);
        Tensor lambda = uniform(0.1, 1, N, W);
        Tensor labelers = uniform(0.5, 2, W);
        Tensor prior = uniform(0.3, 1.5, K);
        Tensor weights = weights(N);
        EnumSet<DirichletAggregation.Output> all = EnumSet.allOf(DirichletAggregation.Output.class);
        compare(bring -> {
            DirichletAggregation.Result hard = DirichletAggregation.ofVotes(
                    bring.apply(votes), bring.apply(labelers), bring.apply(prior), bring.apply(weights), all);
            DirichletAggregation.Result soft = DirichletAggregation.ofSoftLabels(
                    bring.apply(labels),
                    bring.apply(lambda),
                    bring.apply(labelers),
                    bring.apply(prior),
                    bring.apply(weights),
                    all);
            List<Tensor> results = new ArrayList<>();
            for (DirichletAggregation.Output output : all) {
                results.add(hard.get(output));
                results.add(soft.get(output));
            }
            return results;
        });
    }

    @ParameterizedTest
    @EnumSource(PreferenceSpec.Kind.class)
    void preferenceLoss(PreferenceSpec.Kind kind) {
        PreferenceSpec spec = spec(kind);
        boolean sorts = kind == PreferenceSpec.Kind.AOT || kind == PreferenceSpec.Kind.AOT_UNPAIRED;
        Tensor policyChosen = uniform(-30, -5, P);
        Tensor policyRejected = uniform(-30, -5, P);
        Tensor refChosen = uniform(-30, -5, P);
        Tensor refRejected = uniform(-30, -5, P);
        Tensor lengths = between(1, 21, P);
        Tensor weights =
                sorts ? dev.chorus.torch.Tensors.zeros(P).fill_(dev.chorus.torch.Tensors.scalar(1)) : weights(P);
        Tensor dloss = uniform(0.5, 1, P);
        compare(bring -> {
            PreferenceLoss.Result r = PreferenceLoss.compute(
                    spec,
                    new PreferenceLoss.Pairs(
                            bring.apply(policyChosen),
                            bring.apply(policyRejected),
                            bring.apply(refChosen),
                            bring.apply(refRejected),
                            bring.apply(lengths),
                            bring.apply(lengths),
                            bring.apply(weights),
                            null),
                    new PreferenceLoss.Upstream(0.5, bring.apply(dloss)));
            Tensor sums = floats(new double[] {r.lossSum(), r.marginSum(), r.right(), r.pairs()});
            return List.of(r.loss(), r.chosenRewards(), r.rejectedRewards(), r.dchosen(), r.drejected(), sums);
        });
    }

    @Test
    void preferenceLossOfTokens() {
        Tensor policy = uniform(-4, 0, 40);
        Tensor ref = uniform(-4, 0, 40);
        Tensor offsets = Tensors.longs(0, 5, 9, 20, 26, 33, 40);
        Tensor tokenWeights = weights(40);
        compare(bring -> {
            PreferenceLoss.Result r = PreferenceLoss.compute(
                    PreferenceSpec.of(PreferenceSpec.Kind.SIGMOID, 0.1, 0.05),
                    new PreferenceLoss.Tokens(
                            bring.apply(policy),
                            bring.apply(ref),
                            null,
                            null,
                            bring.apply(offsets),
                            bring.apply(tokenWeights),
                            null,
                            null),
                    PreferenceLoss.Upstream.of(1.0 / 3));
            return List.of(r.loss(), r.chosenRewards(), r.rejectedRewards(), r.dtokens());
        });
    }

    private static PreferenceSpec spec(PreferenceSpec.Kind kind) {
        return switch (kind) {
            case BCO -> PreferenceSpec.bco(0.1, 0.2);
            case DISCOPOP -> PreferenceSpec.discopop(0.1, 0.05);
            case ROBUST, EXO, SIGMOID -> PreferenceSpec.of(kind, 0.1, 0.1);
            default -> PreferenceSpec.of(kind, 0.1);
        };
    }

    @Test
    void aBadRowIsAnExceptionOfTheCall_AndNamed() {
        Tensor logits = uniform(-8, 8, N, V);
        logits.select(0, 5).narrow(0, 100, 1).fill_(dev.chorus.torch.Tensors.scalar(Double.NaN));
        Tensor targets = below(V, N);
        assertThatExceptionOfType(KernelException.class)
                .isThrownBy(() -> onDevice(() -> TokenLogProb.forward(bring(logits), bring(targets), null)))
                .withMessageContaining("token_logprob_forward failed on [N=13, V=531] f32")
                .withMessageContaining("row 5")
                .satisfies(e -> assertThat(e.status()).isEqualTo(KernelException.Status.INVALID_VALUE));
    }

    /** In bf16, whose rows are padded on a device, in several chunks, with all rows or some; what follows is not disturbed. */
    @Test
    void aBadRowOfAChunkedCallIsNamedAsOnTheHost() {
        Tensor hidden = uniform(-1, 1, N, 24).to(ScalarType.BFloat16);
        Tensor weight = uniform(-1, 1, V, 24).to(ScalarType.BFloat16);
        Tensor good = below(V, N);
        Tensor bad = good.clone();
        bad.narrow(0, 9, 1).fill_(dev.chorus.torch.Tensors.scalar(V));
        Tensor weights = uniform(0.5, 1, N);
        weights.narrow(0, 2, 1).zero_();
        for (Tensor rowWeights : new Tensor[] {null, weights}) {
            UnaryOperator<Tensor> logps = targets -> onDevice(() -> LinearLogProb.forward(
                            bring(hidden),
                            LanguageHead.of(bring(weight)),
                            new HeadTarget.Token(bring(targets)),
                            rowWeights == null ? null : bring(rowWeights),
                            5 * (2L * V + 1000))
                    .logps());
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> logps.apply(bad))
                    .withMessageContaining("linear_logprob failed on [N=13, V=531] bf16")
                    .withMessageContaining("row 9: a target is outside the vocabulary");
            assertThat(wide(logps.apply(good).cpu())).doesNotContain(Double.NaN);
        }
    }

    @Test
    void checksCanBeDeferred_AndBadRowsAreNaNUntilThen() {
        Tensor logits = uniform(-8, 8, N, V);
        Tensor targets = below(V, N);
        targets.narrow(0, 3, 1).fill_(dev.chorus.torch.Tensors.scalar(V));
        onDevice(() -> {
            try (CudaFaults faults = CudaFaults.deferred(bring(logits))) {
                TokenLogProb.Result r = TokenLogProb.forward(bring(logits), bring(targets), null);
                double[] logps = wide(r.logps().cpu());
                assertThat(logps[3]).isNaN();
                assertThat(logps[4]).isFinite();
                assertThatExceptionOfType(KernelException.class)
                        .isThrownBy(faults::check)
                        .withMessageContaining("token_logprob: row 3: a target is outside the vocabulary");
            }
            return null;
        });
    }
}
