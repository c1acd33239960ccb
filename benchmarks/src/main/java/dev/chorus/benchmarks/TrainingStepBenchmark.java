package dev.chorus.benchmarks;

import dev.chorus.model.Decoder;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.torch.CounterRandom;
import dev.chorus.torch.LibTorch;
import dev.chorus.train.LanguageModelObjective;
import dev.chorus.train.TrainSettings;
import dev.chorus.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
 * Four training steps of a 2.2 M-parameter decoder (4 layers of 192, vocabulary 2,000) on 64 sequences of about ten tokens, all
 * of them predicted: forward, loss, backward, clipping, AdamW. With one thread and with two.
 */
@State(org.openjdk.jmh.annotations.Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class TrainingStepBenchmark {
    private static final int SEQUENCES = 64;
    private static final int STEPS = 4;

    /** Threads of LibTorch and its BLAS. */
    @Param({"1", "2"})
    private int threads;

    private Decoder decoder;
    private List<Sequence> sequences;

    /** A decoder and its sequences. */
    @Setup
    public void setUp() {
        LibTorch.threads(threads);
        decoder = Decoder.initialise(ModelConfig.gpt2(2000, 192, 4, 6, 64), 0);
        CounterRandom random = CounterRandom.of(0, "tokens");
        sequences = new ArrayList<>();
        for (int s = 0; s < SEQUENCES * STEPS; s++) {
            int[] tokens = new int[6 + random.below(9, 1000L * s)];
            for (int t = 0; t < tokens.length; t++) {
                tokens[t] = random.below(2000, 1000L * s + t + 1);
            }
            sequences.add(new Sequence(tokens, 1));
        }
    }

    /** Frees the decoder. */
    @TearDown
    public void tearDown() {
        decoder.close();
    }

    /** Four steps. */
    @Benchmark
    public Object chorusSteps() {
        return new Trainer(decoder, new TrainSettings(1, SEQUENCES, 1e-5, 0.01, 0, 1), 0)
                .run(sequences.size(), new LanguageModelObjective(sequences), null, (step, steps, loss) -> {});
    }
}
