package dev.chorus.kernels;

import static dev.chorus.kernels.Tensors.assertClose;
import static dev.chorus.kernels.Tensors.doubles;
import static dev.chorus.kernels.Tensors.flat;
import static dev.chorus.kernels.Tensors.floats;
import static dev.chorus.kernels.Tensors.leaf;
import static dev.chorus.kernels.Tensors.longs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.sun.jna.Library;
import com.sun.jna.Native;
import java.util.Arrays;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.assertj.core.data.Offset;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@SuppressWarnings("try") // a PointerScope works by being open
class TokenLogProbTest {
    /** Elements are computed in f32: ln sum, and what is a difference to it, is good to this. */
    private static final double ROW = 3e-7;

    /** The entropy's mean of z - max is up to ln V, below 7 here, and good to 1e-6 of it. */
    private static final double ENTROPY = ROW + 7e-6;

    /**
     * lse in f32 puts a relative error of |lse| 2^-24 on each probability, and e^x in f32 one of 2.4e-7; |lse| is below 20 here
     * and |w dlogp| below 6.
     */
    private static final double GRADIENT = 6 * (20 * 6e-8 + 2.4e-7);

    /** bf16 has 8 significant bits: half of its last one is at most 2^-8 of a number. */
    private static final double BF16_ROUNDING = 0.00391;

    @ParameterizedTest
    @CsvSource({
        "0, 5, Float", "1, 1, Float", "1, 2, Float", "3, 7, Float", "13, 101, Float", "5, 1009, Float",
        "0, 5, BFloat16", "1, 1, BFloat16", "1, 2, BFloat16", "3, 7, BFloat16", "13, 101, BFloat16", "5, 1009, BFloat16"
    })
    void equalsReferenceAndLibTorch(int rows, int vocabulary, ScalarType dtype) {
        Random random = new Random(51);
        long[] targets = random.longs(rows, 0, vocabulary).toArray();
        double[] dlogps = Tensors.random(random, rows, -2, 2);
        double[] weights = Tensors.random(random, rows, 0.1, 3);
        if (rows > 1) {
            weights[1] = 0;
        }
        try (PointerScope scope = new PointerScope()) {
            Tensor z = KernelArguments.emptyFloats(rows, vocabulary)
                    .copy_(floats(Tensors.random(random, rows, vocabulary, -8, 8)))
                    .toType(dtype);
            // What the kernel sees, after the rounding to its dtype.
            double[][] logits = rowsOf(z, rows, vocabulary);
            Tensor t = longs(targets);
            Tensor w = floats(weights);
            Tensor d = floats(dlogps);
            Tensor autograd = leaf(z);

            TokenLogProb.Result result = TokenLogProb.forward(z, t, w);
            TokenLogProbReference.Result reference = TokenLogProbReference.forward(logits, targets, weights);
            assertClose(result.logps(), reference.logps(), ROW);
            assertClose(result.lse(), reference.lse(), ROW);
            assertClose(result.entropy(), reference.entropy(), ENTROPY);

            Tensor all = torch.log_softmax(autograd, 1);
            Tensor stock = all.gather(1, t.unsqueeze(1)).squeeze(1);
            Tensor unweighted = TokenLogProb.forward(z, t, null).logps();
            assertClose(unweighted, doubles(stock), ROW);

            assertThat(doubles(z)).isEqualTo(flat(logits));
            TokenLogProb.backwardInPlace(z, t, result.lse(), d, w);
            assertThat(z.scalar_type().intern()).isEqualTo(dtype);
            double rounding = dtype == ScalarType.BFloat16 ? BF16_ROUNDING : Tensors.F32_ROUNDING;
            double[] gradient = flat(TokenLogProbReference.backward(logits, targets, dlogps, weights));
            assertClose(doubles(z), gradient, GRADIENT, rounding);
            if (rows > 0) {
                stock.mul(d.mul(w).toType(ScalarType.Double)).sum().backward();
                assertClose(doubles(z), doubles(autograd.grad()), GRADIENT, rounding);
            }
        }
    }

    private static double[][] rowsOf(Tensor matrix, int rows, int columns) {
        double[] values = doubles(matrix);
        double[][] result = new double[rows][];
        Arrays.setAll(result, n -> Arrays.copyOfRange(values, n * columns, (n + 1) * columns));
        return result;
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aThreadsFirstCallGetsTheTeamSizeThatLibTorchWasTold() throws InterruptedException {
        OpenMp openMp = Native.load("libgomp.so.1", OpenMp.class);
        int before = torch.get_num_threads();
        int told = Math.max(before, Runtime.getRuntime().availableProcessors()) + 1;
        int[] team = new int[2];
        torch.set_num_threads(told);
        try (PointerScope scope = new PointerScope()) {
            Tensor logits = floats(new double[][] {{1, 0}});
            Tensor targets = longs(0);
            Thread fresh = new Thread(() -> {
                team[0] = openMp.omp_get_max_threads();
                TokenLogProb.forward(logits, targets, null);
                team[1] = openMp.omp_get_max_threads();
            });
            fresh.start();
            fresh.join();
        } finally {
            torch.set_num_threads(before);
        }
        assertThat(team[0]).isNotEqualTo(told);
        assertThat(team[1]).isEqualTo(told);
    }

    /** Of the OpenMP runtime that LibTorch has loaded. */
    private interface OpenMp extends Library {
        int omp_get_max_threads();
    }

    @Test
    void goldenValues() {
        try (PointerScope scope = new PointerScope()) {
            Tensor logits = floats(new double[][] {{1, 0, -1}, {0, 2, 0}});
            Tensor logps = TokenLogProb.forward(logits, longs(0, 1), null).logps();
            assertClose(logps, new double[] {-0.40760596, -0.23954477}, 6e-9 + ROW);
            assertThat(Arrays.stream(doubles(logps)).sum()).isCloseTo(-0.64715073, Offset.offset(1e-8 + 2 * ROW));
        }
    }

    @ParameterizedTest
    @CsvSource({"Float", "BFloat16"})
    void stridedRowsEqualDenseOnes_andTheGapsAreLeftAlone(ScalarType dtype) {
        try (PointerScope scope = new PointerScope()) {
            Tensor storage =
                    floats(Tensors.random(new Random(52), 4, 10, -3, 3)).toType(dtype);
            double[] before = doubles(storage);
            Tensor slice = storage.narrow(1, 2, 5);
            Tensor dense = slice.contiguous().clone();
            Tensor targets = longs(0, 4, 2, 1);
            TokenLogProb.Result expected = TokenLogProb.forward(dense, targets, null);
            TokenLogProb.Result actual = TokenLogProb.forward(slice, targets, null);
            assertThat(doubles(actual.logps())).isEqualTo(doubles(expected.logps()));
            Tensor ones = floats(new double[] {1, 1, 1, 1});
            TokenLogProb.backwardInPlace(dense, targets, expected.lse(), ones, null);
            TokenLogProb.backwardInPlace(slice, targets, expected.lse(), ones, null);
            assertThat(doubles(slice)).isEqualTo(doubles(dense));
            double[] after = doubles(storage);
            for (int n = 0; n < 4; n++) {
                for (int v : new int[] {0, 1, 7, 8, 9}) {
                    assertThat(after[n * 10 + v]).isEqualTo(before[n * 10 + v]);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"Float, f32", "BFloat16, bf16"})
    void kernelExceptionNamesRowAndDtype(ScalarType dtype, String name) {
        try (PointerScope scope = new PointerScope()) {
            Tensor logits = floats(new double[][] {{1, 0}, {0, Double.NaN}}).toType(dtype);
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> TokenLogProb.forward(logits, longs(0, 0), null))
                    .withMessage("token_logprob_forward failed on [N=2, V=2] " + name + ": token_logprob_forward_"
                            + name + ": row 1: logit 1 is NaN")
                    .satisfies(e -> {
                        assertThat(e.op()).isEqualTo("token_logprob_forward");
                        assertThat(e.status()).isEqualTo(KernelException.Status.INVALID_VALUE);
                        assertThat(e.dtype()).isEqualTo(name);
                    });
            // Weight 0 hides the bad row.
            assertThat(doubles(TokenLogProb.forward(logits, longs(0, -100), floats(new double[] {1, 0}))
                            .logps())[1])
                    .isZero();
            Tensor one = floats(new double[] {1, 1});
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> TokenLogProb.backwardInPlace(logits.clone(), longs(0, 5), one, one, null))
                    .withMessageContaining("row 1: target 5 is outside [0, 2)");
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> TokenLogProb.backwardInPlace(logits, longs(0, 0), one, one, null))
                    .withMessageContaining("token_logprob_backward_" + name + ": row 1: it holds NaN");
        }
    }

    @Test
    void refusesWrongTensors() {
        try (PointerScope scope = new PointerScope()) {
            Tensor logits = floats(new double[][] {{1, 0, 2}, {0, 1, 2}});
            Tensor targets = longs(0, 1);
            Tensor two = floats(new double[] {1, 1});
            assertRefused(() -> TokenLogProb.forward(null, targets, null), "logits: expected a tensor, got null");
            assertRefused(
                    () -> TokenLogProb.forward(new Tensor(), targets, null),
                    "logits: expected a tensor, got an undefined one");
            assertRefused(() -> TokenLogProb.forward(two, targets, null), "logits: expected shape [N, V], got [2]");
            assertRefused(
                    () -> TokenLogProb.forward(logits.toType(ScalarType.Double), targets, null),
                    "logits: expected dtype Float or BFloat16, got Double");
            assertRefused(() -> TokenLogProb.forward(logits, two, null), "targets: expected dtype Long, got Float");
            assertRefused(() -> TokenLogProb.forward(logits, longs(1), null), "targets: expected shape [2], got [1]");
            assertRefused(
                    () -> TokenLogProb.forward(logits, targets, floats(new double[] {1})),
                    "weights: expected shape [2], got [1]");
            assertRefused(
                    () -> TokenLogProb.forward(logits.t(), longs(0, 1, 1), null),
                    "logits: expected dense rows that do not overlap, got shape [3, 2] with strides [1, 3]");
            assertRefused(
                    () -> TokenLogProb.backwardInPlace(logits, targets, two, logits.select(1, 0), null),
                    "dlogps: expected a contiguous tensor, got shape [2] with strides [3]");
        }
    }

    static void assertRefused(ThrowingCallable call, String message) {
        assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
    }
}
