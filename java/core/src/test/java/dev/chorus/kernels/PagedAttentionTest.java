package dev.chorus.kernels;

import static dev.chorus.kernels.Tensors.assertClose;
import static dev.chorus.kernels.Tensors.doubles;
import static dev.chorus.kernels.Tensors.floats;
import static dev.chorus.kernels.Tensors.longs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Arrays;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@SuppressWarnings("try") // a PointerScope works by being open
class PagedAttentionTest {
    /** Scores of a few units are sums in f32: probabilities are good to a few 1e-6, and values are below 1. */
    private static final double F32_ERROR = 5e-6;

    /** Half of the last of bf16's eight significant bits. */
    private static final double BF16_ROUNDING = 0.00391;

    private static final int POSITIONS = 37;

    /** One sequence whose tokens went into pages 4, 1 and 3 as slices of a product of queries, keys and values. */
    private record Sequence(Tensor q, Tensor k, Tensor v, Tensor keys, Tensor values, Tensor table) {
        static Sequence make(Random random, int heads, int sharedHeads, int width, ScalarType dtype) {
            int row = (heads + 2 * sharedHeads) * width;
            Tensor product =
                    floats(Tensors.random(random, POSITIONS, row, -1, 1)).toType(dtype);
            Tensor q = product.narrow(1, 0, (long) heads * width).view(POSITIONS, heads, width);
            Tensor k = product.narrow(1, (long) heads * width, (long) sharedHeads * width)
                    .view(POSITIONS, sharedHeads, width);
            Tensor v = product.narrow(1, (long) (heads + sharedHeads) * width, (long) sharedHeads * width)
                    .view(POSITIONS, sharedHeads, width);
            // What no token is written to must not matter.
            Tensor keys = KernelArguments.emptyFloats(5, sharedHeads, width, 16)
                    .mul_(new org.bytedeco.pytorch.Scalar(Double.NaN))
                    .toType(dtype);
            Tensor values = keys.clone().view(5, sharedHeads, 16, width);
            int[] pages = {4, 1, 3};
            long[] slots = new long[POSITIONS];
            Arrays.setAll(slots, j -> pages[j / 16] * 16L + j % 16);
            PagedAttention.append(keys, values, k, v, longs(slots));
            return new Sequence(q, k, v, keys, values, ints(4, 1, 3, -1).view(1, 4));
        }

        /** Every token as a query. */
        Tensor prefill(PagedAttention.Scores scores) {
            int[] lengths = new int[POSITIONS];
            Arrays.setAll(lengths, j -> j + 1);
            return PagedAttention.attend(q, keys, values, table, ints(new int[POSITIONS]), ints(lengths), scores);
        }
    }

    private static Tensor ints(int... values) {
        return torch.tensor(values);
    }

    @ParameterizedTest
    @CsvSource({
        "2, 2, 16, Float, 0, 0, false",
        "4, 2, 5, Float, 0, 0, false",
        "2, 1, 24, Float, 1.5, 10, true",
        "3, 3, 32, Float, 0, 16, false",
        "2, 2, 16, BFloat16, 0, 0, false",
        "6, 2, 12, BFloat16, 2, 20, true"
    })
    void equalsReference(
            int heads, int sharedHeads, int width, ScalarType dtype, double softCap, long window, boolean alibi) {
        try (PointerScope scope = new PointerScope()) {
            Sequence s = Sequence.make(new Random(61), heads, sharedHeads, width, dtype);
            double[] slopes = new double[heads];
            Arrays.setAll(slopes, h -> Math.pow(2, -h - 1));
            Tensor out = s.prefill(new PagedAttention.Scores(0.7, softCap, window, alibi ? floats(slopes) : null));
            assertThat(out.scalar_type().intern()).isEqualTo(dtype);
            double[][][] q = blocks(s.q, heads, width);
            double[][][] k = blocks(s.k, sharedHeads, width);
            double[][][] v = blocks(s.v, sharedHeads, width);
            double[][][] expected = new double[POSITIONS][][];
            Arrays.setAll(
                    expected,
                    j -> PagedAttentionReference.attend(
                            q[j], k, v, j + 1, 0.7, softCap, window, alibi ? slopes : null));
            assertClose(
                    doubles(out),
                    Arrays.stream(expected)
                            .flatMapToDouble(x -> Arrays.stream(Tensors.flat(x)))
                            .toArray(),
                    F32_ERROR,
                    dtype == ScalarType.BFloat16 ? BF16_ROUNDING : Tensors.F32_ROUNDING);
        }
    }

    @Test
    void equalsLibTorchsCausalAttention() {
        try (PointerScope scope = new PointerScope()) {
            Sequence s = Sequence.make(new Random(62), 4, 4, 32, ScalarType.Float);
            Tensor out = s.prefill(PagedAttention.Scores.plain(32));
            Tensor stock = torch.scaled_dot_product_attention(
                    headsFirst(s.q),
                    headsFirst(s.k),
                    headsFirst(s.v),
                    new TensorOptional(),
                    0,
                    true,
                    new DoubleOptional(),
                    false);
            assertClose(out, doubles(stock.squeeze(0).transpose(0, 1)), F32_ERROR);
        }
    }

    @Test
    void aTokenAloneEqualsItsPlaceInThePrompt_andRowsOfTheResultMayLieApart() {
        try (PointerScope scope = new PointerScope()) {
            Sequence s = Sequence.make(new Random(63), 4, 2, 16, ScalarType.Float);
            PagedAttention.Scores scores = PagedAttention.Scores.plain(16);
            Tensor prompt = s.prefill(scores);
            Tensor wide = KernelArguments.emptyFloats(2, 100);
            wide.zero_();
            PagedAttention.attendInto(
                    wide.narrow(1, 10, 64).view(2, 4, 16),
                    s.q.narrow(0, 30, 2),
                    s.keys,
                    s.values,
                    s.table,
                    ints(0, 0),
                    ints(31, 32),
                    scores);
            assertThat(doubles(wide.narrow(1, 10, 64))).isEqualTo(doubles(prompt.narrow(0, 30, 2)));
            assertThat(doubles(wide.narrow(1, 0, 10))).containsOnly(0);
            assertThat(doubles(wide.narrow(1, 74, 26))).containsOnly(0);
        }
    }

    @Test
    void refusesWrongTensorsAndNumbers() {
        try (PointerScope scope = new PointerScope()) {
            Sequence s = Sequence.make(new Random(64), 2, 2, 16, ScalarType.Float);
            PagedAttention.Scores scores = PagedAttention.Scores.plain(16);
            Tensor one = s.q.narrow(0, 0, 1);
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> PagedAttention.attend(one, s.keys, s.values, s.table, ints(0), ints(49), scores))
                    .withMessage("paged_attention failed on [N=1, H=2, G=2, d=16, pages=5] f32: paged_attention_f32: "
                            + "query 0: entry 3 of row 0 of the table is page -1, outside [0, 5)");
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> PagedAttention.attend(one, s.keys, s.values, s.table, ints(1), ints(1), scores))
                    .withMessageContaining("query 0: row 1 is outside the table's [0, 1)");
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> PagedAttention.append(s.keys, s.values, one, one, longs(80)))
                    .withMessageContaining("token 0: slot 80 is outside the 5 pages' [0, 80)");
            TokenLogProbTest.assertRefused(
                    () -> PagedAttention.attend(
                            one.toType(ScalarType.BFloat16), s.keys, s.values, s.table, ints(0), ints(1), scores),
                    "q: expected dtype Float as the cache has, got BFloat16");
            TokenLogProbTest.assertRefused(
                    () -> PagedAttention.append(s.keys, s.values, s.q.transpose(0, 1), s.v, longs(1, 2)),
                    "k: expected shape [2, 2, 16], got [2, 37, 16]");
            TokenLogProbTest.assertRefused(
                    () -> PagedAttention.append(s.keys, s.values, headsApart(s.k), s.v, longs(new long[POSITIONS])),
                    "k: expected dense rows that do not overlap, got shape [37, 2, 16] with strides [16, 592, 1]");
            TokenLogProbTest.assertRefused(
                    () -> PagedAttention.append(s.keys, s.values.toType(ScalarType.BFloat16), one, one, longs(0)),
                    "values: expected dtype Float as keys has, got BFloat16");
        }
    }

    private static Tensor headsApart(Tensor k) {
        return k.transpose(0, 1).contiguous().transpose(0, 1);
    }

    private static Tensor headsFirst(Tensor heads) {
        return heads.transpose(0, 1).unsqueeze(0).contiguous();
    }

    private static double[][][] blocks(Tensor tensor, int heads, int width) {
        double[] flat = doubles(tensor);
        double[][][] blocks = new double[POSITIONS][heads][];
        for (int n = 0; n < POSITIONS; n++) {
            for (int h = 0; h < heads; h++) {
                int from = (n * heads + h) * width;
                blocks[n][h] = Arrays.copyOfRange(flat, from, from + width);
            }
        }
        return blocks;
    }
}
