package dev.chorus.kernels;

import dev.chorus.benchmarks.Agreement;
import dev.chorus.benchmarks.Inputs;
import dev.chorus.benchmarks.Shape;
import dev.chorus.benchmarks.Work;
import dev.chorus.kernels.PreferenceLoss.Pairs;
import dev.chorus.kernels.PreferenceLoss.Upstream;
import dev.chorus.kernels.PreferenceSpec.Kind;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Preference losses of P pairs with gradients and rewards: conservative DPO with weights and flips of the pairs, weighted IPO,
 * and AOT, which sorts and takes neither. The floor is the sum of one of the eleven arrays: what a call of any operator costs.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class PreferenceBenchmark {
    private static final double BETA = 0.1;
    private static final double EPSILON = 0.1;
    /** Of the largest value: LibTorch takes differences of log-probabilities of some tens in f32. */
    private static final double F32_DIFFERENCES = 1e-5;
    /**
     * Of the largest gradient of AOT: margins that f32 cannot tell apart may come in either order, and then meet a neighbour of
     * what they would have met.
     */
    private static final double F32_ORDER = 1e-3;

    /** Four log-probabilities, weights and flips read; losses, two gradients and two rewards written. */
    public static Work work(String direction, String shape, String dtype) {
        return Work.bytes(11.0 * 4 * Shape.parse(shape, 1)[0]);
    }

    private static Kind kind(String loss) {
        return switch (loss) {
            case "sigmoid" -> Kind.SIGMOID;
            case "ipo" -> Kind.IPO;
            case "aot" -> Kind.AOT;
            default -> throw new IllegalArgumentException("loss: expected sigmoid, ipo or aot, got " + loss);
        };
    }

    /** Inputs that every provider sees. */
    @State(org.openjdk.jmh.annotations.Scope.Thread)
    public static class Case {
        /** Pairs. */
        @Param({"4096", "257"})
        private String shape;

        /** Its name in {@link Kind}. */
        @Param({"sigmoid", "ipo", "aot"})
        private String loss;

        @Param("2")
        private int threads;

        private Kind kind;
        private PreferenceSpec spec;
        private Pairs pairs;
        private PreferenceLibTorch.Pairs theirPairs;
        private Tensor dloss;
        private double scale;

        /** Makes the inputs and refuses to time a wrong answer. */
        @Setup
        public void setUp() {
            LibTorch.threads(threads);
            int count = Shape.parse(shape, 1)[0];
            kind = kind(loss);
            spec = kind.sorts() ? PreferenceSpec.of(kind, BETA, EPSILON) : PreferenceSpec.of(kind, BETA);
            scale = 1.0 / count;
            try (Scope scope = new Scope()) {
                Inputs.seed();
                Tensor policyChosen = scope.release(Inputs.uniform(-40, 0, count));
                Tensor policyRejected = scope.release(Inputs.uniform(-40, 0, count));
                Tensor refChosen = scope.release(Inputs.uniform(-40, 0, count));
                Tensor refRejected = scope.release(Inputs.uniform(-40, 0, count));
                Tensor weights = scope.release(Inputs.uniform(0.1, 3, count));
                Tensor flip = scope.release(Inputs.uniform(0, 0.4, count));
                dloss = scope.release(Inputs.constant(scale, count));
                theirPairs = new PreferenceLibTorch.Pairs(
                        policyChosen, policyRejected, refChosen, refRejected, weights, flip);
                pairs = Pairs.of(policyChosen, policyRejected, refChosen, refRejected)
                        .with(kind.sorts() ? null : weights, kind.takesFlip() ? flip : null);

                PreferenceLoss.Result ours = chorus();
                PreferenceLibTorch.Result theirs = libtorch();
                // A loss that sorts comes in sorted order from LibTorch, and in that of the pairs from us.
                Agreement.require("loss", sorted(ours.loss()), sorted(theirs.loss()), 0, F32_DIFFERENCES);
                double tolerance = kind.sorts() ? F32_ORDER : F32_DIFFERENCES;
                Agreement.require("dchosen", ours.dchosen(), theirs.dchosen(), 0, tolerance);
                Agreement.require("drejected", ours.drejected(), theirs.drejected(), 0, tolerance);
                Agreement.require("chosenRewards", ours.chosenRewards(), theirs.chosenRewards(), 0, F32_DIFFERENCES);
                Agreement.require(
                        "rejectedRewards", ours.rejectedRewards(), theirs.rejectedRewards(), 0, F32_DIFFERENCES);
            }
        }

        private static Tensor sorted(Tensor values) {
            return values.sort().get0();
        }

        private PreferenceLoss.Result chorus() {
            return PreferenceLoss.compute(spec, pairs, Upstream.of(scale));
        }

        private PreferenceLibTorch.Result libtorch() {
            return switch (kind) {
                case SIGMOID -> PreferenceLibTorch.sigmoid(dloss, theirPairs, BETA);
                case IPO -> PreferenceLibTorch.ipo(dloss, theirPairs, BETA);
                default -> PreferenceLibTorch.aot(dloss, theirPairs, BETA, EPSILON);
            };
        }

        /** Frees the inputs. */
        @TearDown
        public void tearDown() {
            theirPairs.policyChosen().close();
            theirPairs.policyRejected().close();
            theirPairs.refChosen().close();
            theirPairs.refRejected().close();
            theirPairs.weights().close();
            theirPairs.flip().close();
            dloss.close();
        }
    }

    /** Plain arrays. */
    @State(org.openjdk.jmh.annotations.Scope.Thread)
    public static class ReferenceCase {
        /** Pairs. */
        @Param("4096")
        private String shape;

        /** Its name in {@link Kind}; the one that is used most. */
        @Param("sigmoid")
        private String loss;

        private PreferenceLossReference.Pairs pairs;
        private double[] upstream;
        private PreferenceSpec spec;

        /** The same kind of numbers as in {@link Case}. */
        @Setup
        public void setUp() {
            int count = Shape.parse(shape, 1)[0];
            try (Scope scope = new Scope()) {
                Inputs.seed();
                double[][] rows = Tensors.toRows(Inputs.uniform(-40, 0, 4, count));
                double[][] factors = Tensors.toRows(Inputs.uniform(0.1, 0.4, 2, count));
                pairs = new PreferenceLossReference.Pairs(
                        rows[0], rows[1], rows[2], rows[3], null, null, factors[0], factors[1]);
            }
            upstream = new double[count];
            Arrays.fill(upstream, 1.0 / count);
            spec = PreferenceSpec.of(kind(loss), BETA);
        }
    }

    /** Ours: losses, gradients, rewards and their totals. */
    @Benchmark
    public void chorusForwardBackward(Case inputs) {
        try (Scope scope = new Scope()) {
            inputs.chorus();
        }
    }

    /** LibTorch's forward, autograd's backward, and the rewards. */
    @Benchmark
    public void libtorchForwardBackward(Case inputs) {
        try (Scope scope = new Scope()) {
            inputs.libtorch();
        }
    }

    /** One array read. */
    @Benchmark
    public void floorForwardBackward(Case inputs) {
        try (Scope scope = new Scope()) {
            inputs.dloss.sum();
        }
    }

    /** The definition in Java. */
    @Benchmark
    public Object referenceForwardBackward(ReferenceCase inputs) {
        return PreferenceLossReference.compute(inputs.spec, inputs.pairs, inputs.upstream);
    }
}
