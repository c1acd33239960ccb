package dev.chorus.kernels;

import dev.chorus.benchmarks.Agreement;
import dev.chorus.benchmarks.Inputs;
import dev.chorus.benchmarks.Shape;
import dev.chorus.benchmarks.Work;
import dev.chorus.kernels.EvidentialLoss.Evidence;
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
 * Evidential loss with its KL term and gradient: N rows, W soft labels each, K classes; exp evidence. The floor is the sum of
 * the labels, by far the largest tensor: what reading it costs.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class EvidentialBenchmark {
    /** What training with the KL term uses once it is annealed. */
    private static final double KL_WEIGHT = 0.1;
    /**
     * Of the largest value: LibTorch works in f32, where the KL term is a difference of lnGammas of some hundreds, each with an
     * error of about 3e-5.
     */
    private static final double F32_CANCELLATION = 1e-4;

    /** Of the largest gradient: autograd rounds it to the eight bits of its logits, ours stays f32. */
    private static final double BF16_GRADIENT = 0x1p-8;

    /** Labels and logits read, gradients and losses with their two terms written, once each. */
    public static Work work(String direction, String shape, String dtype) {
        int[] sizes = Shape.parse(shape, 3);
        double classes = sizes[2];
        double perRow = Inputs.size(dtype) * classes + 4 * (sizes[1] * classes + classes + 3);
        return Work.bytes(sizes[0] * perRow);
    }

    /** Inputs that every provider sees. */
    @State(org.openjdk.jmh.annotations.Scope.Thread)
    public static class Case {
        /** Rows, labels of a row, classes: 18 scenarios of SLURP and five weak models; a small batch; three classes. */
        @Param({"65536x5x18", "4096x5x18", "4099x5x3"})
        private String shape;

        /** Of the logits. */
        @Param({"f32", "bf16"})
        private String dtype;

        @Param("2")
        private int threads;

        private Tensor logits;
        private Tensor targets;
        private Tensor dloss;

        /** Makes the inputs and refuses to time a wrong answer. */
        @Setup
        public void setUp() {
            LibTorch.threads(threads);
            int[] sizes = Shape.parse(shape, 3);
            try (Scope scope = new Scope()) {
                Inputs.seed();
                logits = scope.release(Inputs.as(Inputs.normal(1, sizes[0], sizes[2]), dtype));
                targets = scope.release(Inputs.probabilities(2, sizes[0], sizes[1], sizes[2]));
                dloss = scope.release(Inputs.constant(1.0 / sizes[0], sizes[0]));
                EvidentialLibTorch.Result theirs =
                        EvidentialLibTorch.lossAndGradient(dloss, logits, targets, KL_WEIGHT);
                EvidentialLoss.LossAndGradient ours = chorus();
                Tensor loss = ours.result().loss();
                Agreement.require("loss", loss, theirs.loss(), 0, F32_CANCELLATION);
                double tolerance = dtype.equals("f32") ? F32_CANCELLATION : BF16_GRADIENT;
                Agreement.require("dlogits", ours.dlogits(), theirs.dlogits(), 0, tolerance);
            }
        }

        private EvidentialLoss.LossAndGradient chorus() {
            return EvidentialLoss.forwardBackward(dloss, logits, targets, null, null, Evidence.EXP, KL_WEIGHT);
        }

        /** Frees the inputs. */
        @TearDown
        public void tearDown() {
            logits.close();
            targets.close();
            dloss.close();
        }
    }

    /** Plain arrays. */
    @State(org.openjdk.jmh.annotations.Scope.Thread)
    public static class ReferenceCase {
        /** The smallest shape: milliseconds a call. */
        @Param("4099x5x3")
        private String shape;

        private double[][] logits;
        private double[][][] targets;
        private double[] dloss;

        /** The same numbers as in {@link Case}. */
        @Setup
        public void setUp() {
            int[] sizes = Shape.parse(shape, 3);
            try (Scope scope = new Scope()) {
                Inputs.seed();
                logits = Tensors.toRows(Inputs.normal(1, sizes[0], sizes[2]));
                double[][] labels = Tensors.toRows(
                        Inputs.probabilities(2, sizes[0], sizes[1], sizes[2]).reshape(-1, sizes[2]));
                targets = new double[sizes[0]][][];
                Arrays.setAll(targets, n -> Arrays.copyOfRange(labels, n * sizes[1], (n + 1) * sizes[1]));
            }
            dloss = new double[sizes[0]];
            Arrays.fill(dloss, 1.0 / sizes[0]);
        }
    }

    /** Ours: losses with both their terms, and gradients. */
    @Benchmark
    public void chorusForwardBackward(Case inputs) {
        try (Scope scope = new Scope()) {
            inputs.chorus();
        }
    }

    /** LibTorch's forward and autograd's backward. */
    @Benchmark
    public void libtorchForwardBackward(Case inputs) {
        try (Scope scope = new Scope()) {
            EvidentialLibTorch.lossAndGradient(inputs.dloss, inputs.logits, inputs.targets, KL_WEIGHT);
        }
    }

    /** Every label read once. */
    @Benchmark
    public void floorForwardBackward(Case inputs) {
        try (Scope scope = new Scope()) {
            inputs.targets.sum();
        }
    }

    /** The definition in Java. */
    @Benchmark
    public Object referenceForwardBackward(ReferenceCase inputs) {
        EvidentialLossReference.forward(inputs.logits, inputs.targets, null, null, Evidence.EXP, KL_WEIGHT);
        return EvidentialLossReference.backward(
                inputs.dloss, inputs.logits, inputs.targets, null, null, Evidence.EXP, KL_WEIGHT);
    }
}
