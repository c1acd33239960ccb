package dev.chorus.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.model.Decoder;
import dev.chorus.model.TinyDecoders;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.torch.LibTorch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;

/** Native memory is flat over a training: whoever opens no scope is found here. */
class NativeMemoryTest {
    private static final int WARM_UP = 50;
    private static final int STEPS = 350;

    /**
     * A step makes some ten MiB of tensors, its logits alone 1.1 MiB: kept over 300 steps the smallest of the large ones comes
     * to more than this. What Java's heap, the compiler and malloc's arenas still grow by is less.
     */
    private static final long RESIDENT_GROWTH = 100L << 20;

    private static final Path STATM = Path.of("/proc/self/statm");

    private record Sample(long count, long bytes, long resident) {
        static Sample now() {
            return new Sample(Pointer.totalCount(), Pointer.totalBytes(), residentBytes());
        }
    }

    @Test
    void threeHundredStepsLeaveNothingBehind() {
        LibTorch.threads(1);
        int v = 900;
        int[] lengths = new int[28];
        Arrays.setAll(lengths, i -> 8 + i % 7);
        List<Sequence> sequences = TinyDecoders.sequences(v, 3, lengths).stream()
                .map(tokens -> new Sequence(tokens, 1))
                .toList();
        Sample[] samples = new Sample[2];
        try (Decoder decoder = Decoder.initialise(ModelConfig.gpt2(v, 32, 2, 2, 16), 9)) {
            new Trainer(decoder, new TrainSettings(STEPS, lengths.length, 1e-3, 0.01, 0.1, 1), 1)
                    .run(lengths.length, new LanguageModelObjective(sequences), null, (step, steps, loss) -> {
                        if (step == WARM_UP) {
                            samples[0] = Sample.now();
                        } else if (step == STEPS) {
                            samples[1] = Sample.now();
                        }
                    });
        }
        // The collector may free what other tests left behind: less is fine, more is not.
        assertThat(samples[1].count()).isLessThanOrEqualTo(samples[0].count());
        assertThat(samples[1].bytes()).isLessThanOrEqualTo(samples[0].bytes());
        assertThat(samples[1].resident()).isLessThan(samples[0].resident() + RESIDENT_GROWTH);
    }

    /** Bytes of the process in memory; 0 where the system does not say. Pages are of 4 KiB at least. */
    private static long residentBytes() {
        try {
            return Files.exists(STATM)
                    ? 4096 * Long.parseLong(Files.readString(STATM).split(" ", -1)[1])
                    : 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
