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

import java.util.Arrays;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.assertj.core.data.Offset;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@SuppressWarnings("try") // a PointerScope works by being open
class TokenLogProbTest {
    /** lse in f32 puts a relative error of |lse| 2^-24 on each probability; |lse| is below 20 here and |w dlogp| below 6. */
    private static final double GRADIENT = 6 * 20 * 6e-8;

    @ParameterizedTest
    @CsvSource({"0, 5", "1, 1", "1, 2", "3, 7", "13, 101", "5, 1009"})
    void equalsReferenceAndLibTorch(int rows, int vocabulary) {
        Random random = new Random(51);
        double[][] logits = Tensors.random(random, rows, vocabulary, -8, 8);
        long[] targets = random.longs(rows, 0, vocabulary).toArray();
        double[] dlogps = Tensors.random(random, rows, -2, 2);
        double[] weights = Tensors.random(random, rows, 0.1, 3);
        if (rows > 1) {
            weights[1] = 0;
        }
        try (PointerScope scope = new PointerScope()) {
            Tensor z = rows == 0 ? KernelArguments.emptyFloats(0, vocabulary) : floats(logits);
            Tensor t = longs(targets);
            Tensor w = floats(weights);
            Tensor d = floats(dlogps);
            Tensor autograd = leaf(z);

            TokenLogProb.Result result = TokenLogProb.forward(z, t, w);
            TokenLogProbReference.Result reference = TokenLogProbReference.forward(logits, targets, weights);
            assertClose(result.logps(), reference.logps(), 1e-12);
            assertClose(result.lse(), reference.lse(), 1e-12);
            assertClose(result.entropy(), reference.entropy(), 1e-12);

            Tensor all = torch.log_softmax(autograd, 1);
            Tensor stock = all.gather(1, t.unsqueeze(1)).squeeze(1);
            Tensor unweighted = TokenLogProb.forward(z, t, null).logps();
            assertClose(unweighted, doubles(stock), 1e-12);

            Tensor before = z.clone();
            TokenLogProb.backwardInPlace(z, t, result.lse(), d, w);
            assertClose(z, flat(TokenLogProbReference.backward(logits, targets, dlogps, weights)), GRADIENT);
            if (rows > 0) {
                stock.mul(d.mul(w).toType(ScalarType.Double)).sum().backward();
                assertClose(z, doubles(autograd.grad()), GRADIENT);
                assertThat(doubles(before)).isEqualTo(flat(logits));
            }
        }
    }

    @Test
    void goldenValues() {
        try (PointerScope scope = new PointerScope()) {
            Tensor logits = floats(new double[][] {{1, 0, -1}, {0, 2, 0}});
            Tensor logps = TokenLogProb.forward(logits, longs(0, 1), null).logps();
            assertClose(logps, new double[] {-0.40760596, -0.23954477}, 6e-9);
            assertThat(Arrays.stream(doubles(logps)).sum()).isCloseTo(-0.64715073, Offset.offset(1e-7));
        }
    }

    @Test
    void stridedRowsEqualDenseOnes_andTheGapsAreLeftAlone() {
        double[][] wide = Tensors.random(new Random(52), 4, 10, -3, 3);
        try (PointerScope scope = new PointerScope()) {
            Tensor storage = floats(wide);
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
                    assertThat(after[n * 10 + v]).isEqualTo(wide[n][v]);
                }
            }
        }
    }

    @Test
    void kernelExceptionNamesTheRowAndLeavesTheLogits() {
        try (PointerScope scope = new PointerScope()) {
            double[][] values = {{1, 0}, {0, Double.NaN}};
            Tensor logits = floats(values);
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> TokenLogProb.forward(logits, longs(0, 0), null))
                    .withMessage("token_logprob_forward failed on [N=2, V=2] f32: "
                            + "token_logprob_forward_f32: row 1: logit 1 is NaN")
                    .satisfies(e -> {
                        assertThat(e.op()).isEqualTo("token_logprob_forward");
                        assertThat(e.status()).isEqualTo(KernelException.Status.INVALID_VALUE);
                    });
            Tensor one = floats(new double[] {1, 1});
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> TokenLogProb.backwardInPlace(logits, longs(0, 5), one, one, null))
                    .withMessageContaining("row 1: target 5 is outside [0, 2)");
            assertThat(doubles(logits)).isEqualTo(flat(values));
            // Weight 0 hides the bad row.
            assertThat(doubles(TokenLogProb.forward(logits, longs(0, -100), floats(new double[] {1, 0}))
                            .logps())[1])
                    .isZero();
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
                    "logits: expected dtype Float, got Double");
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
