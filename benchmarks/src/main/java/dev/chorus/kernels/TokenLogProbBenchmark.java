package dev.chorus.kernels;

import dev.chorus.benchmarks.Agreement;
import dev.chorus.benchmarks.Autograd;
import dev.chorus.benchmarks.Inputs;
import dev.chorus.benchmarks.Shape;
import dev.chorus.benchmarks.Work;
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
 * Token log-prob of [N, V] logits. Ours always gives log-sum-exp and entropy with the log-probability; {@code libtorch} gives
 * the log-probability alone, {@code libtorchAll} all three. The reference is plain Java on one thread and therefore measured on
 * the smallest shape only.
 *
 * <p>Backward: ours turns logits into gradients in place. It runs again and again on its own output, with the log-sum-exp of the
 * first logits: restoring them would cost more than the op, its loops have no branch that values decide, and the values stay
 * finite, for a gradient is at most {@code |dlogps|} and log-sum-exp stays as it was. LibTorch's is autograd's backward alone,
 * through a graph that is kept, so the forward is not in its time. The floors are the sum of the logits (every one read once)
 * and a product by 1 in place (every one read and written once).
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class TokenLogProbBenchmark {
    /** f32 against f32: LibTorch sums up to 32,000 terms in f32, and log-probabilities are around 10. */
    private static final double LOGPS = 1e-4;
    /** Of the largest gradient: a probability is exp of a difference that f32 knows to about 1e-6. */
    private static final double F32_GRADIENT = 1e-5;
    /** Of the largest gradient: both sides are rounded to eight bits. */
    private static final double BF16_GRADIENT = 0x1p-7;

    /** One read of the logits, and in the backward one write. */
    public static Work work(String direction, String shape, String dtype) {
        int[] sizes = Shape.parse(shape, 2);
        double read = (double) sizes[0] * sizes[1] * Inputs.size(dtype);
        return Work.bytes(direction.equals("forward") ? read : 2 * read);
    }

    /** Inputs that every provider sees. */
    @State(org.openjdk.jmh.annotations.Scope.Thread)
    public static class Case {
        /** Rows and vocabulary; the last one is no multiple of a vector. */
        @Param({"512x32000", "512x2000", "257x1009"})
        private String shape;

        @Param({"f32", "bf16"})
        private String dtype;

        @Param("2")
        private int threads;

        private Tensor logits;
        private Tensor targets;
        private Tensor dlogps;
        /** The first logits' log-sum-exp. */
        private Tensor lse;
        /** What the backward in place works on. */
        private Tensor overwritten;

        /** Makes the inputs and refuses to time a wrong answer. */
        @Setup
        public void setUp() {
            LibTorch.threads(threads);
            int[] sizes = Shape.parse(shape, 2);
            try (Scope scope = new Scope()) {
                Inputs.seed();
                logits = scope.release(Inputs.as(Inputs.normal(3, sizes[0], sizes[1]), dtype));
                targets = scope.release(Inputs.below(sizes[1], sizes[0]));
                dlogps = scope.release(Inputs.constant(-1.0 / sizes[0], sizes[0]));
                TokenLogProb.Result ours = TokenLogProb.forward(logits, targets, null);
                TokenLogProb.Result theirs = TokenLogProbLibTorch.all(logits, targets);
                Agreement.require("logps", ours.logps(), theirs.logps(), LOGPS, 0);
                Agreement.require("lse", ours.lse(), theirs.lse(), LOGPS, 0);
                Agreement.require("entropy", ours.entropy(), theirs.entropy(), LOGPS, 0);
                Tensor alone = TokenLogProbLibTorch.negativeLogps(logits, targets);
                Agreement.require("logps", ours.logps(), alone.neg(), LOGPS, 0);

                lse = scope.release(ours.lse());
                overwritten = scope.release(logits.clone());
                TokenLogProb.backwardInPlace(overwritten, targets, lse, dlogps, null);
                Tensor leaf = Autograd.leaf(logits);
                Tensor loss = TokenLogProbLibTorch.negativeLogps(leaf, targets);
                Tensor gradient = Autograd.gradients(loss, dlogps.neg(), leaf).get(0);
                double tolerance = dtype.equals("f32") ? F32_GRADIENT : BF16_GRADIENT;
                Agreement.require("dlogits", overwritten, gradient, 0, tolerance);
            }
        }

        /** Frees the inputs. */
        @TearDown
        public void tearDown() {
            logits.close();
            targets.close();
            dlogps.close();
            lse.close();
            overwritten.close();
        }
    }

    /** LibTorch's graph, made once. */
    @State(org.openjdk.jmh.annotations.Scope.Thread)
    public static class Graph {
        private Tensor leaf;
        private Tensor loss;
        private Tensor dloss;

        /** Runs LibTorch's forward. */
        @Setup
        public void setUp(Case inputs) {
            try (Scope scope = new Scope()) {
                leaf = scope.release(Autograd.leaf(inputs.logits));
                loss = scope.release(TokenLogProbLibTorch.negativeLogps(leaf, inputs.targets));
                dloss = scope.release(inputs.dlogps.neg());
            }
        }

        /** Frees the graph. */
        @TearDown
        public void tearDown() {
            loss.close();
            leaf.close();
            dloss.close();
        }
    }

    /** Plain arrays. */
    @State(org.openjdk.jmh.annotations.Scope.Thread)
    public static class ReferenceCase {
        /** The smallest shape: milliseconds a call. */
        @Param("257x1009")
        private String shape;

        private double[][] logits;
        private long[] targets;
        private double[] dlogps;

        /** The same numbers as in {@link Case}. */
        @Setup
        public void setUp() {
            int[] sizes = Shape.parse(shape, 2);
            try (Scope scope = new Scope()) {
                Inputs.seed();
                logits = Tensors.toRows(Inputs.normal(3, sizes[0], sizes[1]));
                targets = Tensors.toLongs(Inputs.below(sizes[1], sizes[0]));
            }
            dlogps = new double[sizes[0]];
            Arrays.fill(dlogps, -1.0 / sizes[0]);
        }
    }

    /** Ours: log-probability, log-sum-exp and entropy of every row. */
    @Benchmark
    public void chorusForward(Case inputs) {
        try (Scope scope = new Scope()) {
            TokenLogProb.forward(inputs.logits, inputs.targets, null);
        }
    }

    /** LibTorch's log-probability alone. */
    @Benchmark
    public void libtorchForward(Case inputs) {
        try (Scope scope = new Scope()) {
            TokenLogProbLibTorch.negativeLogps(inputs.logits, inputs.targets);
        }
    }

    /** LibTorch's log-probability, log-sum-exp and entropy. */
    @Benchmark
    public void libtorchAllForward(Case inputs) {
        try (Scope scope = new Scope()) {
            TokenLogProbLibTorch.all(inputs.logits, inputs.targets);
        }
    }

    /** Every logit read once. */
    @Benchmark
    public void floorForward(Case inputs) {
        try (Scope scope = new Scope()) {
            inputs.logits.sum();
        }
    }

    /** The definition in Java. */
    @Benchmark
    public Object referenceForward(ReferenceCase inputs) {
        return TokenLogProbReference.forward(inputs.logits, inputs.targets, null);
    }

    /** Ours, in place. */
    @Benchmark
    public void chorusBackward(Case inputs) {
        try (Scope scope = new Scope()) {
            TokenLogProb.backwardInPlace(inputs.overwritten, inputs.targets, inputs.lse, inputs.dlogps, null);
        }
    }

    /** Autograd's backward alone. */
    @Benchmark
    public void libtorchBackward(Graph graph) {
        try (Scope scope = new Scope()) {
            Autograd.gradientsAgain(graph.loss, graph.dloss, graph.leaf);
        }
    }

    /** Every logit read and written once. */
    @Benchmark
    public void floorBackward(Case inputs) {
        try (Scope scope = new Scope()) {
            inputs.overwritten.mul_(Tensors.scalar(1));
        }
    }

    /** The definition in Java. */
    @Benchmark
    public Object referenceBackward(ReferenceCase inputs) {
        return TokenLogProbReference.backward(inputs.logits, inputs.targets, inputs.dlogps, null);
    }
}
