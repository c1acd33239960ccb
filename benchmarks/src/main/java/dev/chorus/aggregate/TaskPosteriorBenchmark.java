package dev.chorus.aggregate;

import dev.chorus.aggregate.methods.Ibcc;
import dev.chorus.aggregate.votes.Votes;
import dev.chorus.benchmarks.Shape;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** One task's posterior from its votes, as a service asks for it; the reference multiplies probabilities of the matrices. */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
@State(Scope.Thread)
public class TaskPosteriorBenchmark {
    private static final double TOLERANCE = 0.02;

    /** Votes, classes, labelers. */
    @Param({"10x10x1000", "10x2x1000", "5x18x50"})
    private String shape;

    private int[] workers;
    private int[] labels;
    private double[] balance;
    private Confusions confusions;
    private TaskPosterior posterior;

    /** Learns from simulated votes, and refuses to time a wrong answer. */
    @Setup
    public void setUp() {
        int[] s = Shape.parse(shape, 3);
        SplittableRandom random = new SplittableRandom(1);
        int tasks = 20 * s[2];
        int[] task = new int[tasks * s[0]];
        int[] worker = new int[task.length];
        int[] label = new int[task.length];
        for (int t = 0; t < tasks; t++) {
            int truth = random.nextInt(s[1]);
            for (int i = 0; i < s[0]; i++) {
                int n = t * s[0] + i;
                task[n] = t;
                worker[n] = (t * 7 + i) % s[2];
                label[n] = random.nextDouble() < .7 ? truth : random.nextInt(s[1]);
            }
        }
        Aggregation fit = new Ibcc().fit(Votes.of(tasks, s[2], s[1], task, worker, label));
        balance = fit.classBalance().orElseThrow();
        confusions = fit.confusions().orElseThrow();
        posterior = fit.taskPosterior();
        workers = java.util.Arrays.copyOf(worker, s[0]);
        labels = java.util.Arrays.copyOf(label, s[0]);
        double[] ours = chorusForward();
        double[] plain = referenceForward();
        for (int k = 0; k < s[1]; k++) {
            // Ours has expected logs in place of logs of means.
            if (Math.abs(ours[k] - plain[k]) > TOLERANCE) {
                throw new IllegalStateException("class " + k + ": expected " + plain[k] + ", got " + ours[k]);
            }
        }
    }

    /** Through the tables. */
    @Benchmark
    public double[] chorusForward() {
        return posterior.of(workers, labels);
    }

    /** By the definition. */
    @Benchmark
    public double[] referenceForward() {
        double[] row = balance.clone();
        double sum = 0;
        for (int k = 0; k < row.length; k++) {
            for (int v = 0; v < workers.length; v++) {
                row[k] *= confusions.probability(workers[v], k, labels[v]);
            }
            sum += row[k];
        }
        for (int k = 0; k < row.length; k++) {
            row[k] /= sum;
        }
        return row;
    }
}
