package dev.chorus.benchmarks;

import dev.chorus.model.block.Block;
import dev.chorus.model.block.Packing;
import dev.chorus.model.block.PassContext;
import dev.chorus.model.block.ResidualStream;
import dev.chorus.model.block.Rotation;
import dev.chorus.model.cache.CachedBatch;
import dev.chorus.model.cache.CachedSequence;
import dev.chorus.model.cache.KeyValueCache;
import dev.chorus.model.family.Architecture;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.family.Positions;
import dev.chorus.model.weights.Precision;
import dev.chorus.model.weights.TensorPlan;
import dev.chorus.model.weights.Weights;
import dev.chorus.torch.CounterRandom;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
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
 * One Llama block over sequences of 32 to 128 tokens, f32: ours on flat tokens, against the same block written plainly with
 * LibTorch's operators on sequences padded to the longest ({@link PlainBlock}). Forward without gradients is what scoring runs;
 * forward and backward is a training step's share, gradients of the input and of all weights. The floor is the products of
 * matrices over the real tokens.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class DecoderBlockBenchmark {
    /** Sums of some thousand terms in another order; values are around 1. */
    private static final double TOLERANCE = 2e-3;

    private static final int SHORTEST = 32;
    private static final int LONGEST = 128;

    /** The products of matrices: two operations a weight and token forward, four more for both gradients. */
    public static Work work(String direction, String shape, String dtype) {
        int[] s = Shape.parse(shape, 5);
        int tokens = Arrays.stream(lengths(s[0])).sum();
        double d = (double) s[1] / s[3];
        double weights = s[1] * (2.0 * s[1] + 2 * s[4] * d + 3.0 * s[2]);
        return Work.operations((direction.equals("forward") ? 2 : 6) * weights * tokens);
    }

    private static int[] lengths(int sequences) {
        CounterRandom random = CounterRandom.of(0, "lengths");
        int[] lengths = new int[sequences];
        Arrays.setAll(lengths, s -> SHORTEST + random.below(LONGEST - SHORTEST + 1, s));
        lengths[0] = LONGEST;
        return lengths;
    }

    /** Inputs that every provider sees. */
    @State(org.openjdk.jmh.annotations.Scope.Thread)
    public static class Case {
        /** Sequences, width, feed-forward width, heads, key-value heads. */
        @Param({"16x256x688x8x8", "8x768x2048x12x4", "4x2048x5632x32x8"})
        private String shape;

        @Param("2")
        private int threads;

        private Architecture architecture;
        private Weights weights;
        private Block block;
        private PlainBlock plain;
        private int[] lengths;
        private int[] offsets;
        private long[] positions;
        private int[] ofToken;
        private Tensor x;
        private Tensor gradient;
        private Tensor padded;
        private Tensor paddedGradient;
        private Tensor index;

        /** Makes the inputs and refuses to time a wrong answer. */
        @Setup
        public void setUp() {
            LibTorch.threads(threads);
            int[] s = Shape.parse(shape, 5);
            ModelConfig config = ModelConfig.of("""
                    {"model_type": "llama", "vocab_size": 8, "hidden_size": %d, "intermediate_size": %d,
                     "num_hidden_layers": 1, "num_attention_heads": %d, "num_key_value_heads": %d,
                     "max_position_embeddings": 128}""".formatted(s[1], s[2], s[3], s[4]));
            architecture = config.architecture();
            weights = Weights.trained(TensorPlan.of(config));
            weights.parameters().orElseThrow().initialise(1);
            weights.parameters().orElseThrow().gradients();
            block = new Block(architecture, config.family().names(), weights, 0);
            lengths = lengths(s[0]);
            places();
            try (Scope scope = new Scope()) {
                Inputs.seed();
                int n = positions.length;
                x = scope.release(Inputs.normal(1, n, s[1]));
                gradient = scope.release(Inputs.normal(1, n, s[1]));
                index = scope.release(Tensors.longs(paddedPlaces(), n));
                padded = scope.release(pad(x));
                paddedGradient = scope.release(pad(gradient));
                plain = new PlainBlock(architecture, config.family().names(), weights, LONGEST);
                try (Tensors.GradientMode off = Tensors.withoutGradients()) {
                    Tensor theirs = plain.of(padded).view(-1, s[1]).index_select(0, index);
                    Agreement.require("cached", cached(), theirs, TOLERANCE, 0);
                    Agreement.require("whole", whole(x), theirs, TOLERANCE, 0);
                }
            }
        }

        private void places() {
            offsets = new int[lengths.length + 1];
            for (int s = 0; s < lengths.length; s++) {
                offsets[s + 1] = offsets[s] + lengths[s];
            }
            positions = new long[offsets[lengths.length]];
            ofToken = new int[positions.length];
            for (int s = 0; s < lengths.length; s++) {
                for (int t = 0; t < lengths[s]; t++) {
                    positions[offsets[s] + t] = t;
                    ofToken[offsets[s] + t] = lengths[s];
                }
            }
        }

        private long[] paddedPlaces() {
            long[] places = new long[positions.length];
            for (int s = 0; s < lengths.length; s++) {
                for (int t = 0; t < lengths[s]; t++) {
                    places[offsets[s] + t] = (long) s * LONGEST + t;
                }
            }
            return places;
        }

        private Tensor pad(Tensor flat) {
            return Tensors.zeros((long) lengths.length * LONGEST, flat.size(1))
                    .index_copy(0, index, flat)
                    .view(lengths.length, LONGEST, flat.size(1));
        }

        private Rotation rotation() {
            return Rotation.of((Positions.Rotary) architecture.attention().positions(), positions, ofToken);
        }

        /** As scoring runs it, set-up of the batch included. */
        private Tensor cached() {
            int pages = Arrays.stream(lengths).map(KeyValueCache::pagesOf).sum();
            try (KeyValueCache cache = new KeyValueCache(architecture, Precision.F32, 1, pages)) {
                CachedBatch batch = new CachedBatch(cache);
                for (int length : lengths) {
                    batch.add(new CachedSequence(cache), new int[length], 0, length);
                }
                PassContext pass =
                        new PassContext(null, batch.tokensForAttention(), rotation(), Precision.F32, null, null);
                ResidualStream stream = new ResidualStream(x.clone());
                block.of(stream, pass);
                return stream.settle();
            }
        }

        /** As training runs it. */
        private Tensor whole(Tensor input) {
            PassContext pass =
                    new PassContext(Packing.of(offsets, architecture), null, rotation(), Precision.F32, null, null);
            return block.of(input, pass);
        }

        /** Frees the inputs. */
        @TearDown
        public void tearDown() {
            for (Tensor tensor : new Tensor[] {x, gradient, padded, paddedGradient, index}) {
                tensor.close();
            }
            plain.close();
            weights.close();
        }
    }

    /** Ours, as scoring runs it. */
    @Benchmark
    public void chorusForward(Case inputs) {
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            inputs.cached();
        }
    }

    /** The plain one. */
    @Benchmark
    public void libtorchForward(Case inputs) {
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            inputs.plain.of(inputs.padded);
        }
    }

    /** Ours, as training runs it. */
    @Benchmark
    public void chorusForwardBackward(Case inputs) {
        try (Scope scope = new Scope()) {
            backward(inputs.whole(Autograd.leaf(inputs.x)), inputs.gradient);
        }
    }

    /** The plain one. */
    @Benchmark
    public void libtorchForwardBackward(Case inputs) {
        try (Scope scope = new Scope()) {
            backward(inputs.plain.of(Autograd.leaf(inputs.padded)), inputs.paddedGradient);
        }
    }

    /** The products alone, each as one call. */
    @Benchmark
    public void floorForward(Case inputs) {
        try (Scope scope = new Scope();
                Tensors.GradientMode off = Tensors.withoutGradients()) {
            inputs.plain.products(inputs.x);
        }
    }

    private static void backward(Tensor output, Tensor gradient) {
        output.backward(gradient, new BoolOptional(), false, new TensorArrayRefOptional());
    }
}
