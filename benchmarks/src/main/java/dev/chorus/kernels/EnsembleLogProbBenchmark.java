package dev.chorus.kernels;

import dev.chorus.benchmarks.Agreement;
import dev.chorus.benchmarks.Inputs;
import dev.chorus.benchmarks.Shape;
import dev.chorus.benchmarks.Work;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
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
 * Log-probabilities of N tokens under W models of V tokens each, and under their mixture. Ours gives every model's log-sum-exp
 * and entropy as well; LibTorch's gives log-probabilities alone. The floor is the sum of all logits: every one read once.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class EnsembleLogProbBenchmark {
    /** f32 against f32: LibTorch sums up to 32,000 terms in f32, and log-probabilities are around 10. */
    private static final double LOGPS = 1e-4;

    /** One read of the logits. */
    public static Work work(String direction, String shape, String dtype) {
        int[] sizes = Shape.parse(shape, 3);
        return Work.bytes((double) sizes[0] * sizes[1] * sizes[2] * Inputs.size(dtype));
    }

    /** Inputs that every provider sees. */
    @State(org.openjdk.jmh.annotations.Scope.Thread)
    public static class Case {
        /** Models, rows, vocabulary; the last one is no multiple of a vector. */
        @Param({"5x512x32000", "3x257x1009"})
        private String shape;

        @Param({"f32", "bf16"})
        private String dtype;

        @Param("2")
        private int threads;

        private Tensor logits;
        private Tensor targets;
        private Tensor omega;
        private Tensor logOmega;

        /** Makes the inputs and refuses to time a wrong answer. */
        @Setup
        public void setUp() {
            LibTorch.threads(threads);
            int[] sizes = Shape.parse(shape, 3);
            try (Scope scope = new Scope()) {
                Inputs.seed();
                logits = scope.release(Inputs.as(Inputs.normal(3, sizes[0], sizes[1], sizes[2]), dtype));
                targets = scope.release(Inputs.below(sizes[2], sizes[1]));
                omega = scope.release(Inputs.probabilities(1, sizes[0]));
                logOmega = scope.release(omega.log().unsqueeze(1));
                EnsembleLogProb.Result ours = chorus();
                EnsembleLogProbLibTorch.Result theirs = libtorch();
                Agreement.require("logps", ours.logps(), theirs.logps(), LOGPS, 0);
                Agreement.require("mixture", ours.mixture(), theirs.mixture(), LOGPS, 0);
            }
        }

        private EnsembleLogProb.Result chorus() {
            return EnsembleLogProb.forward(logits, targets, null, omega, null);
        }

        private EnsembleLogProbLibTorch.Result libtorch() {
            return EnsembleLogProbLibTorch.forward(logits, targets, logOmega);
        }

        /** Frees the inputs. */
        @TearDown
        public void tearDown() {
            logits.close();
            targets.close();
            omega.close();
            logOmega.close();
        }
    }

    /** Ours: log-probability, log-sum-exp and entropy of every model, and the mixture. */
    @Benchmark
    public void chorusForward(Case inputs) {
        try (Scope scope = new Scope()) {
            inputs.chorus();
        }
    }

    /** LibTorch's log-probabilities and mixture. */
    @Benchmark
    public void libtorchForward(Case inputs) {
        try (Scope scope = new Scope()) {
            inputs.libtorch();
        }
    }

    /** Every logit read once. */
    @Benchmark
    public void floorForward(Case inputs) {
        try (Scope scope = new Scope()) {
            inputs.logits.sum();
        }
    }
}
