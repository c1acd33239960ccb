package dev.chorus.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.model.batch.FlatBatch;
import dev.chorus.model.cache.CachedBatch;
import dev.chorus.model.cache.CachedSequence;
import dev.chorus.model.cache.KeyValueCache;
import dev.chorus.model.weights.Precision;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Attention over pages gives what attention over padded batches gives, for every kind of block. */
class CachedPathTest {
    /** Share of the hidden states' norm: two or three blocks in f32, summed in other orders. */
    private static final double F32 = 2e-6;

    /**
     * Share of the hidden states' norm: bf16 has a step of 2^-8, and the two ways round at different places in every block
     * (scores, ALiBi's penalties, what attention returns), which adds up to a few steps.
     */
    private static final double BF16 = 4.0 / 256;

    /** Around a page's end, one longer than every window, one of a single token. */
    private static final int[] LENGTHS = {17, 1, 40, 16, 5};

    @BeforeAll
    static void oneThread() {
        LibTorch.threads(1);
    }

    @ParameterizedTest
    @EnumSource
    void inOnePassF32(TinyConfigs tiny) {
        assertSame(tiny, Precision.F32, F32, 1000);
    }

    @ParameterizedTest
    @EnumSource
    void inOnePassBf16(TinyConfigs tiny) {
        assertSame(tiny, Precision.BF16, BF16, 1000);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "LLAMA_DYNAMIC")
    void pieceByPieceF32(TinyConfigs tiny) {
        assertSame(tiny, Precision.F32, F32, 7);
        assertSame(tiny, Precision.F32, F32, 1);
    }

    private static void assertSame(TinyConfigs tiny, Precision precision, double tolerance, int piece) {
        List<int[]> texts = TinyDecoders.sequences(TinyConfigs.VOCABULARY, 4, LENGTHS);
        try (Decoder decoder = TinyDecoders.random(tiny.config(), 11, precision);
                Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            FlatBatch flat = FlatBatch.of(texts);
            Tensor whole = decoder.hidden(flat);
            assertThat(whole.scalar_type().intern()).isEqualTo(precision.type());
            double[] expected = doubles(whole);
            double[] found = new double[expected.length];
            int width = expected.length / flat.tokens();
            try (KeyValueCache cache = new KeyValueCache(
                    decoder.architecture(), precision, decoder.architecture().layers(), 9)) {
                List<CachedSequence> sequences = new ArrayList<>();
                texts.forEach(text -> sequences.add(new CachedSequence(cache)));
                for (int from = 0; from < 40; from += piece) {
                    read(decoder, cache, sequences, texts, from, piece, flat, found, width);
                }
            }
            double error = 0;
            double norm = 0;
            for (int i = 0; i < expected.length; i++) {
                error += (found[i] - expected[i]) * (found[i] - expected[i]);
                norm += expected[i] * expected[i];
            }
            assertThat(Math.sqrt(error / norm)).isLessThan(tolerance);
        }
    }

    /** The next piece of all texts that are so long, and its hidden states to their places. */
    private static void read(
            Decoder decoder,
            KeyValueCache cache,
            List<CachedSequence> sequences,
            List<int[]> texts,
            int from,
            int piece,
            FlatBatch flat,
            double[] found,
            int width) {
        CachedBatch batch = new CachedBatch(cache);
        List<Integer> places = new ArrayList<>();
        for (int s = 0; s < texts.size(); s++) {
            int to = Math.min(texts.get(s).length, from + piece);
            if (from < to) {
                batch.add(sequences.get(s), texts.get(s), from, to);
                for (int t = from; t < to; t++) {
                    places.add(flat.offsets()[s] + t);
                }
            }
        }
        double[] hidden = doubles(decoder.read(batch));
        for (int n = 0; n < places.size(); n++) {
            System.arraycopy(hidden, n * width, found, places.get(n) * width, width);
        }
    }

    private static double[] doubles(Tensor tensor) {
        float[] values = Tensors.toFloats(tensor.to(ScalarType.Float));
        double[] out = new double[values.length];
        Arrays.setAll(out, i -> values[i]);
        return out;
    }
}
