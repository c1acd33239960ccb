package dev.chorus.kernels;

import dev.chorus.benchmarks.Agreement;
import dev.chorus.benchmarks.Inputs;
import dev.chorus.benchmarks.Shape;
import dev.chorus.benchmarks.Work;
import dev.chorus.kernels.DirichletAggregation.Output;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
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
 * Dirichlet posteriors of N items from the answers of W labelers for K classes, with all of their measures; answers are soft
 * labels. The floor is the sum of the labels: every one read once.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class DirichletAggregationBenchmark {
    private static final Set<Output> ALL = EnumSet.allOf(Output.class);
    /** Of the largest value: LibTorch works in f32, and its entropies are sums of K terms of which some cancel. */
    private static final double F32_SUMS = 1e-5;

    /** Answers read once; four results of every class, six numbers and a label of every item written once. */
    public static Work work(String direction, String shape, String dtype) {
        int[] sizes = Shape.parse(shape, 3);
        double classes = sizes[2];
        return Work.bytes(sizes[0] * (4 * sizes[1] * classes + 4 * (4 * classes + 6) + 8));
    }

    /** Inputs that every provider sees. */
    @State(org.openjdk.jmh.annotations.Scope.Thread)
    public static class Case {
        /** Items, labelers, classes. */
        @Param({"1000000x5x10", "4099x5x3"})
        private String shape;

        @Param("2")
        private int threads;

        private Tensor labels;
        private Tensor labelerWeights;
        private Tensor prior;

        /** Makes the inputs and refuses to time a wrong answer. */
        @Setup
        public void setUp() {
            LibTorch.threads(threads);
            int[] sizes = Shape.parse(shape, 3);
            try (Scope scope = new Scope()) {
                Inputs.seed();
                labels = scope.release(Inputs.probabilities(2, sizes[0], sizes[1], sizes[2]));
                labelerWeights = scope.release(Inputs.uniform(0.5, 2, sizes[1]));
                prior = scope.release(Inputs.constant(1, sizes[2]));
                DirichletAggregation.Result ours = chorus();
                DirichletAggregationLibTorch.Result theirs = libtorch();
                agree(ours, Output.ALPHA, theirs.alpha());
                agree(ours, Output.PREDICTIVE, theirs.p());
                agree(ours, Output.BELIEF, theirs.belief());
                agree(ours, Output.VARIANCE, theirs.variance());
                agree(ours, Output.TOTAL, theirs.total());
                agree(ours, Output.EXPECTED, theirs.expected());
                agree(ours, Output.MUTUAL_INFORMATION, theirs.mutual());
                agree(ours, Output.DIFFERENTIAL_ENTROPY, theirs.differential());
                agree(ours, Output.EPKL, theirs.epkl());
                agree(ours, Output.VACUITY, theirs.vacuity());
                // Which of two classes that f32 cannot tell apart comes first is chance: their concentrations are
                // compared.
                Tensor alpha = theirs.alpha();
                Agreement.require(
                        "label",
                        alpha.gather(1, ours.get(Output.LABEL).unsqueeze(1)),
                        alpha.gather(1, theirs.label().unsqueeze(1)),
                        0,
                        F32_SUMS);
            }
        }

        private static void agree(DirichletAggregation.Result ours, Output output, Tensor theirs) {
            Agreement.require(output.name(), ours.get(output), theirs, 0, F32_SUMS);
        }

        private DirichletAggregation.Result chorus() {
            return DirichletAggregation.ofSoftLabels(labels, null, labelerWeights, prior, null, ALL);
        }

        private DirichletAggregationLibTorch.Result libtorch() {
            return DirichletAggregationLibTorch.measures(
                    DirichletAggregationLibTorch.ofLabels(labels, labelerWeights, prior));
        }

        /** Frees the inputs. */
        @TearDown
        public void tearDown() {
            labels.close();
            labelerWeights.close();
            prior.close();
        }
    }

    /** Plain arrays. */
    @State(org.openjdk.jmh.annotations.Scope.Thread)
    public static class ReferenceCase {
        /** The smallest shape: milliseconds a call. */
        @Param("4099x5x3")
        private String shape;

        private double[][][] labels;
        private double[] ones;
        private double[] prior;

        /** The same kind of numbers as in {@link Case}. */
        @Setup
        public void setUp() {
            int[] sizes = Shape.parse(shape, 3);
            try (Scope scope = new Scope()) {
                Inputs.seed();
                double[][] rows = Tensors.toRows(
                        Inputs.probabilities(2, sizes[0], sizes[1], sizes[2]).reshape(-1, sizes[2]));
                labels = new double[sizes[0]][][];
                Arrays.setAll(labels, n -> Arrays.copyOfRange(rows, n * sizes[1], (n + 1) * sizes[1]));
            }
            ones = new double[sizes[1]];
            Arrays.fill(ones, 1);
            prior = new double[sizes[2]];
            Arrays.fill(prior, 1);
        }
    }

    /** Ours: everything that there is. */
    @Benchmark
    public void chorusForward(Case inputs) {
        try (Scope scope = new Scope()) {
            inputs.chorus();
        }
    }

    /** LibTorch's, the same. */
    @Benchmark
    public void libtorchForward(Case inputs) {
        try (Scope scope = new Scope()) {
            inputs.libtorch();
        }
    }

    /** Every label read once. */
    @Benchmark
    public void floorForward(Case inputs) {
        try (Scope scope = new Scope()) {
            inputs.labels.sum();
        }
    }

    /** The definition in Java, item by item. */
    @Benchmark
    public double referenceForward(ReferenceCase inputs) {
        double sum = 0;
        for (double[][] item : inputs.labels) {
            double[] alpha = DirichletAggregationReference.ofSoftLabels(item, inputs.ones, inputs.ones, inputs.prior);
            for (Output output : ALL) {
                sum += DirichletAggregationReference.output(output, alpha)[0];
            }
        }
        return sum;
    }
}
