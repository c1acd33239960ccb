package dev.chorus.kernels;

import dev.chorus.benchmarks.Agreement;
import dev.chorus.benchmarks.Inputs;
import dev.chorus.benchmarks.Shape;
import dev.chorus.benchmarks.Work;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
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
 * Attention of R sequences of one length. With one query a sequence it sees all keys (a step of generation); otherwise there are
 * as many queries as keys, and it is causal (a prompt). LibTorch's {@code scaled_dot_product_attention} is given what suits it
 * best: dense keys and values [R, G, keys, d] without padding, which no batch of sequences in generation is. Ours reads pages
 * that lie in no order. The floor is the sum of keys and values: every one read once.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class PagedAttentionBenchmark {
    /** Sums of some hundred terms in another order; values are around 1. */
    private static final double F32 = 1e-4;
    /** Of the largest result: both sides are rounded to eight bits, LibTorch's probabilities too. */
    private static final double BF16 = 0x1p-6;

    /** A step reads the cache once; a prompt is its multiplications and additions. */
    public static Work work(String direction, String shape, String dtype) {
        int[] s = Shape.parse(shape, 6);
        double cache = 2.0 * s[0] * s[3] * s[4] * s[5];
        double pairs = (double) s[0] * s[2] * s[5] * (s[5] + 1) / 2;
        return s[1] == 1 ? Work.bytes(cache * Inputs.size(dtype)) : Work.operations(4 * pairs * s[4]);
    }

    /** Inputs that every provider sees. */
    @State(org.openjdk.jmh.annotations.Scope.Thread)
    public static class Case {
        /** Sequences, queries of each, query heads, key-value heads, head width, keys. */
        @Param({"32x1x8x8x32x160", "16x128x8x8x32x128", "4x512x32x8x128x512", "32x1x32x8x128x512"})
        private String shape;

        @Param({"f32", "bf16"})
        private String dtype;

        @Param("2")
        private int threads;

        private boolean causal;
        private boolean grouped;
        private Tensor q;
        private Tensor keys;
        private Tensor values;
        private Tensor table;
        private Tensor row;
        private Tensor lengths;
        private PagedAttention.Scores scores;
        private Tensor stockQ;
        private Tensor stockK;
        private Tensor stockV;

        /** Makes the inputs and refuses to time a wrong answer. */
        @Setup
        public void setUp() {
            LibTorch.threads(threads);
            int[] s = Shape.parse(shape, 6);
            int sequences = s[0];
            int queries = s[1];
            int heads = s[2];
            int shared = s[3];
            int width = s[4];
            int length = s[5];
            causal = queries > 1;
            grouped = heads != shared;
            scores = PagedAttention.Scores.plain(width);
            int pages = (length + PagedAttention.PAGE_TOKENS - 1) / PagedAttention.PAGE_TOKENS;
            try (Scope scope = new Scope()) {
                Inputs.seed();
                q = scope.release(Inputs.as(Inputs.normal(1, (long) sequences * queries, heads, width), dtype));
                Tensor k = Inputs.as(Inputs.normal(1, (long) sequences * length, shared, width), dtype);
                Tensor v = Inputs.as(Inputs.normal(1, (long) sequences * length, shared, width), dtype);
                long[] order = dev.chorus.torch.Tensors.toLongs(torch.randperm((long) sequences * pages));
                int[] entries = new int[order.length];
                Arrays.setAll(entries, i -> (int) order[i]);
                table = scope.release(torch.tensor(entries).view(sequences, pages));
                long[] slots = new long[sequences * length];
                Arrays.setAll(slots, n -> {
                    int position = n % length;
                    int page = entries[n / length * pages + position / PagedAttention.PAGE_TOKENS];
                    return (long) page * PagedAttention.PAGE_TOKENS + position % PagedAttention.PAGE_TOKENS;
                });
                int[] rows = new int[sequences * queries];
                Arrays.setAll(rows, n -> n / queries);
                row = scope.release(torch.tensor(rows));
                int[] seen = new int[sequences * queries];
                Arrays.setAll(seen, n -> causal ? n % queries + 1 : length);
                lengths = scope.release(torch.tensor(seen));
                Tensor zeros = dev.chorus.torch.Tensors.zeros(
                        (long) sequences * pages, shared, width, PagedAttention.PAGE_TOKENS);
                keys = scope.release(Inputs.as(zeros, dtype).clone());
                values = scope.release(
                        keys.view(-1, shared, PagedAttention.PAGE_TOKENS, width).clone());
                PagedAttention.append(keys, values, k, v, torch.tensor(slots));
                stockQ = scope.release(headsFirst(q, sequences, queries));
                stockK = scope.release(headsFirst(k, sequences, length));
                stockV = scope.release(headsFirst(v, sequences, length));
                double tolerance = dtype.equals("f32") ? F32 : 0;
                Agreement.require(
                        "out", chorus(), libtorch().transpose(1, 2), tolerance, dtype.equals("f32") ? 0 : BF16);
            }
        }

        private static Tensor headsFirst(Tensor rows, int sequences, int length) {
            return rows.view(sequences, length, rows.size(1), rows.size(2))
                    .transpose(1, 2)
                    .contiguous();
        }

        private Tensor chorus() {
            return PagedAttention.attend(q, keys, values, table, row, lengths, scores);
        }

        private Tensor libtorch() {
            return torch.scaled_dot_product_attention(
                    stockQ, stockK, stockV, new TensorOptional(), 0, causal, new DoubleOptional(), grouped);
        }

        /** Frees the inputs. */
        @TearDown
        public void tearDown() {
            for (Tensor tensor : new Tensor[] {q, keys, values, table, row, lengths, stockQ, stockK, stockV}) {
                tensor.close();
            }
        }
    }

    /** Ours. */
    @Benchmark
    public void chorusForward(Case inputs) {
        try (Scope scope = new Scope()) {
            inputs.chorus();
        }
    }

    /** LibTorch's. */
    @Benchmark
    public void libtorchForward(Case inputs) {
        try (Scope scope = new Scope()) {
            inputs.libtorch();
        }
    }

    /** Every key and value read once. */
    @Benchmark
    public void floorForward(Case inputs) {
        try (Scope scope = new Scope()) {
            inputs.keys.sum();
            inputs.values.sum();
        }
    }
}
