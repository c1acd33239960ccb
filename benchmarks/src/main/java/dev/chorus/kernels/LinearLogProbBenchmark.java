package dev.chorus.kernels;

import dev.chorus.benchmarks.Agreement;
import dev.chorus.benchmarks.Inputs;
import dev.chorus.benchmarks.Shape;
import dev.chorus.benchmarks.Work;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
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
 * Log-probability of one token a row from N hidden states of width C under a head of V tokens, with the gradients of hidden
 * states and head weight. Ours adds to the gradient of the weight, so clearing it is in its time. LibTorch holds all logits;
 * what that costs in memory is in the results beside ours. The floor is the three products of matrices, into buffers that are
 * there already. The reference is three nested loops in Java, of a shape of its own.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1, time = 1)
@Measurement(iterations = 5, time = 2)
@Fork(3)
public class LinearLogProbBenchmark {
    /** f32 against f32: a logit is a sum of C products in an order of the BLAS's choice, as lse is of V terms. */
    private static final double F32_LOGPS = 1e-4;
    /** Of the largest gradient. */
    private static final double F32_GRADIENT = 1e-4;
    /** Both sides round logits of up to about 5 to eight bits: 2^-7. */
    private static final double BF16_LOGPS = 0x1p-6;
    /** Of the largest gradient: probabilities of rounded logits, and eight bits of the result. */
    private static final double BF16_GRADIENT = 0x1p-5;

    /** Three products of N C V multiplications and additions each. */
    public static Work work(String direction, String shape, String dtype) {
        int[] sizes = Shape.parse(shape, 3);
        return Work.operations(3 * 2.0 * sizes[0] * sizes[1] * sizes[2]);
    }

    /** Inputs that every provider sees. */
    @State(org.openjdk.jmh.annotations.Scope.Thread)
    public static class Case {
        /** Tokens, width, vocabulary: a 1 B-parameter model's head, and a small one. */
        @Param({"4096x1024x32000", "512x256x4000"})
        private String shape;

        @Param({"f32", "bf16"})
        private String dtype;

        @Param("2")
        private int threads;

        private Tensor hidden;
        private Tensor weight;
        private Tensor targets;
        private Tensor dlogps;
        private Tensor dweight;

        /** Makes the inputs and refuses to time a wrong answer. */
        @Setup
        public void setUp() {
            LibTorch.threads(threads);
            int[] sizes = Shape.parse(shape, 3);
            try (Scope scope = new Scope()) {
                Inputs.seed();
                hidden = scope.release(Inputs.as(Inputs.normal(1, sizes[0], sizes[1]), dtype));
                weight = scope.release(Inputs.as(Inputs.normal(1 / Math.sqrt(sizes[1]), sizes[2], sizes[1]), dtype));
                targets = scope.release(Inputs.below(sizes[2], sizes[0]));
                dlogps = scope.release(Inputs.constant(-1.0 / sizes[0], sizes[0]));
                dweight = scope.release(Tensors.zeros(sizes[2], sizes[1]));
                LinearLogProb.Gradients ours = chorus();
                LinearLogProbLibTorch.Result theirs =
                        LinearLogProbLibTorch.logpsAndGradients(dlogps, hidden, weight, targets);
                boolean f32 = dtype.equals("f32");
                double gradient = f32 ? F32_GRADIENT : BF16_GRADIENT;
                Agreement.require("logps", ours.result().logps(), theirs.logps(), f32 ? F32_LOGPS : BF16_LOGPS, 0);
                Agreement.require("dhidden", ours.dhidden(), theirs.dhidden(), 0, gradient);
                Agreement.require("dweight", dweight, theirs.dweight(), 0, gradient);
            }
        }

        private LinearLogProb.Gradients chorus() {
            dweight.zero_();
            return LinearLogProb.forwardBackward(
                    hidden,
                    LanguageHead.of(weight),
                    new HeadTarget.Token(targets),
                    null,
                    dlogps,
                    new HeadGradients(dweight, null),
                    LinearLogProb.DEFAULT_BUDGET);
        }

        /** Frees the inputs. */
        @TearDown
        public void tearDown() {
            hidden.close();
            weight.close();
            targets.close();
            dlogps.close();
            dweight.close();
        }
    }

    /** What the products alone write to. */
    @State(org.openjdk.jmh.annotations.Scope.Thread)
    public static class Buffers {
        private Tensor logits;
        private Tensor dhidden;
        private Tensor dweight;

        /** Allocates, and touches every page. */
        @Setup
        public void setUp(Case inputs) {
            long vocabulary = inputs.weight.size(0);
            try (Scope scope = new Scope()) {
                Tensor zeros = Tensors.zeros(inputs.hidden.size(0), vocabulary);
                logits = scope.release(Inputs.as(zeros, inputs.dtype));
                dhidden = scope.release(torch.zeros_like(inputs.hidden));
                dweight = scope.release(torch.zeros_like(inputs.weight));
            }
        }

        /** Frees them. */
        @TearDown
        public void tearDown() {
            logits.close();
            dhidden.close();
            dweight.close();
        }
    }

    /** Plain arrays. */
    @State(org.openjdk.jmh.annotations.Scope.Thread)
    public static class ReferenceCase {
        /** A tenth of a second a call. */
        @Param("64x64x1009")
        private String shape;

        private double[][] hidden;
        private LinearLogProbReference.Head head;
        private long[] targets;
        private double[] dlogps;

        /** Makes the inputs. */
        @Setup
        public void setUp() {
            int[] sizes = Shape.parse(shape, 3);
            try (Scope scope = new Scope()) {
                Inputs.seed();
                hidden = Tensors.toRows(Inputs.normal(1, sizes[0], sizes[1]));
                double[][] weight = Tensors.toRows(Inputs.normal(1 / Math.sqrt(sizes[1]), sizes[2], sizes[1]));
                head = new LinearLogProbReference.Head(weight, null, 1, 0);
                targets = Tensors.toLongs(Inputs.below(sizes[2], sizes[0]));
            }
            dlogps = new double[sizes[0]];
            Arrays.fill(dlogps, -1.0 / sizes[0]);
        }
    }

    /** Ours: in chunks, with KL, log-sum-exp and entropy as well. */
    @Benchmark
    public void chorusForwardBackward(Case inputs) {
        try (Scope scope = new Scope()) {
            inputs.chorus();
        }
    }

    /** LibTorch's linear layer and cross-entropy, and autograd's backward. */
    @Benchmark
    public void libtorchForwardBackward(Case inputs) {
        try (Scope scope = new Scope()) {
            LinearLogProbLibTorch.logpsAndGradients(inputs.dlogps, inputs.hidden, inputs.weight, inputs.targets);
        }
    }

    /** The three products. */
    @Benchmark
    public void floorForwardBackward(Case inputs, Buffers buffers) {
        try (Scope scope = new Scope()) {
            LinearLogProbLibTorch.products(
                    buffers.logits, buffers.dhidden, buffers.dweight, inputs.hidden, inputs.weight);
        }
    }

    /** The definition in Java. */
    @Benchmark
    public Object referenceForwardBackward(ReferenceCase inputs) {
        return LinearLogProbReference.forwardBackward(
                inputs.hidden, inputs.head, LinearLogProbReference.tokens(inputs.targets), null, inputs.dlogps);
    }
}
