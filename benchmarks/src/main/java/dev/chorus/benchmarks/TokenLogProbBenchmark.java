package dev.chorus.benchmarks;

import dev.chorus.kernels.TokenLogProb;
import dev.chorus.torch.CounterRandom;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
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
 * Token log-prob, forward, float32: our kernel, LibTorch's {@code log_softmax} and {@code gather}, and a plain sum over the
 * logits, which is what reading them costs. One thread each.
 */
@State(org.openjdk.jmh.annotations.Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class TokenLogProbBenchmark {
    /** float32 against float32: both sum thousands of terms. */
    private static final double TOLERANCE = 1e-4;

    /** Rows and vocabulary; the last one is no multiple of a vector. */
    @Param({"512x32000", "512x2000", "257x1009"})
    private String shape;

    private Tensor logits;
    private Tensor targets;

    /** Makes the inputs and refuses to time a wrong answer. */
    @Setup
    public void setUp() {
        LibTorch.threads(1);
        int n = Integer.parseInt(shape.substring(0, shape.indexOf('x')));
        int v = Integer.parseInt(shape.substring(shape.indexOf('x') + 1));
        CounterRandom random = CounterRandom.of(0, "logits");
        float[] values = new float[n * v];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (3 * random.normal(i));
        }
        long[] ids = new long[n];
        for (int i = 0; i < n; i++) {
            ids[i] = random.below(v, -1L - i);
        }
        try (Scope scope = new Scope()) {
            logits = scope.release(Tensors.floats(values, n, v));
            targets = scope.release(Tensors.longs(ids, n));
        }
        float[] ours = chorus();
        float[] theirs = libtorch();
        for (int i = 0; i < n; i++) {
            if (!(Math.abs(ours[i] - theirs[i]) < TOLERANCE)) {
                throw new IllegalStateException("row " + i + ": " + ours[i] + " against " + theirs[i]);
            }
        }
    }

    /** Frees the inputs. */
    @TearDown
    public void tearDown() {
        logits.close();
        targets.close();
    }

    /** Ours: log-probability, log-sum-exp and entropy of every row. */
    @Benchmark
    public float[] chorus() {
        try (Scope scope = new Scope()) {
            return Tensors.toFloats(TokenLogProb.forward(logits, targets, null).logps());
        }
    }

    /** LibTorch's: log-probability alone. */
    @Benchmark
    public float[] libtorch() {
        try (Scope scope = new Scope()) {
            return Tensors.toFloats(torch.log_softmax(logits, 1).gather(1, targets.unsqueeze(1)));
        }
    }

    /** The floor: every logit read once. */
    @Benchmark
    public float readOnly() {
        try (Scope scope = new Scope()) {
            return logits.sum().item_float();
        }
    }
}
