package dev.chorus.kernels;

import static dev.chorus.kernels.Tensors.assertClose;
import static dev.chorus.kernels.Tensors.doubles;
import static dev.chorus.kernels.Tensors.floats;
import static dev.chorus.kernels.Tensors.leaf;
import static dev.chorus.kernels.TokenLogProbTest.assertRefused;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Arrays;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@SuppressWarnings("try") // a PointerScope works by being open
class DpoLossTest {
    /** Golden values have eight decimals. */
    private static final double GOLDEN = 6e-9;

    @ParameterizedTest
    @CsvSource({"0, 0.1", "1, 0.1", "7, 5", "101, 0.5"})
    void equalsReferenceAndLibTorch(int pairs, double beta) {
        Random random = new Random(71);
        double[] policyChosen = Tensors.random(random, pairs, -40, 0);
        double[] policyRejected = Tensors.random(random, pairs, -40, 0);
        double[] refChosen = Tensors.random(random, pairs, -40, 0);
        double[] refRejected = Tensors.random(random, pairs, -40, 0);
        double[] weights = Tensors.random(random, pairs, 0.1, 3);
        double[] flip = Tensors.random(random, pairs, 0, 0.5);
        double[] dloss = Tensors.random(random, pairs, -2, 2);
        if (pairs > 1) {
            weights[1] = 0;
        }
        try (PointerScope scope = new PointerScope()) {
            Tensor pc = floats(policyChosen);
            Tensor pr = floats(policyRejected);
            Tensor rc = floats(refChosen);
            Tensor rr = floats(refRejected);
            Tensor w = floats(weights);
            Tensor f = floats(flip);
            Tensor d = floats(dloss);
            DpoLoss.Result result = DpoLoss.forward(pc, pr, rc, rr, w, f, beta);
            DpoLoss.Gradient gradient = DpoLoss.backward(d, pc, pr, rc, rr, w, f, beta);

            DpoLossReference.Result reference =
                    DpoLossReference.forward(policyChosen, policyRejected, refChosen, refRejected, weights, flip, beta);
            double[] dchosen = DpoLossReference.backward(
                    dloss, policyChosen, policyRejected, refChosen, refRejected, weights, flip, beta);
            assertClose(result.loss(), reference.loss(), 1e-12);
            assertClose(result.chosenRewards(), reference.chosenRewards(), 1e-12);
            assertClose(result.rejectedRewards(), reference.rejectedRewards(), 1e-12);
            assertClose(gradient.dchosen(), dchosen, 1e-12);
            assertClose(
                    gradient.drejected(), Arrays.stream(dchosen).map(v -> -v).toArray(), 1e-12);
            if (pairs == 0) {
                return;
            }

            Tensor chosen = leaf(pc);
            Tensor rejected = leaf(pr);
            Tensor x = Tensors.times(chosen.sub(rc).sub(rejected.sub(rr)), beta);
            Tensor loss = torch.log_sigmoid(x).neg().add(x.mul(f)).mul(w);
            assertClose(result.loss(), doubles(loss), 1e-12);
            loss.mul(d.toType(ScalarType.Double)).sum().backward();
            assertClose(gradient.dchosen(), doubles(chosen.grad()), 1e-12);
            assertClose(gradient.drejected(), doubles(rejected.grad()), 1e-12);
        }
    }

    @Test
    void goldenSigmoidAndConservative() {
        try (PointerScope scope = new PointerScope()) {
            Tensor pc = floats(new double[] {-12, -30});
            Tensor pr = floats(new double[] {-15, -28});
            Tensor rc = floats(new double[] {-13, -29});
            Tensor rr = floats(new double[] {-14, -29.5});
            Tensor ones = floats(new double[] {1, 1});
            Tensor flip = floats(new double[] {.1, .1});
            assertClose(
                    DpoLoss.forward(pc, pr, rc, rr, null, null, .1).loss(),
                    new double[] {.59813887, .82593942},
                    GOLDEN);
            assertClose(
                    DpoLoss.backward(ones, pc, pr, rc, rr, null, null, .1).dchosen(),
                    new double[] {-.04501660, -.05621765},
                    GOLDEN);
            assertClose(
                    DpoLoss.forward(pc, pr, rc, rr, null, flip, .1).loss(),
                    new double[] {.61813887, .80093942},
                    GOLDEN);
            assertClose(
                    DpoLoss.backward(ones, pc, pr, rc, rr, null, flip, .1).drejected(),
                    new double[] {.03501660, .04621765},
                    GOLDEN);
        }
    }

    @Test
    void goldenBetaFive() {
        double[] loss = DpoLossReference.forward(
                        new double[] {-3},
                        new double[] {-4},
                        new double[] {-3.2},
                        new double[] {-3.9},
                        null,
                        new double[] {.1},
                        5)
                .loss();
        assertClose(loss, new double[] {.3514132780}, 6e-11);
        try (PointerScope scope = new PointerScope()) {
            Tensor one = floats(new double[] {1});
            DpoLoss.Gradient gradient = DpoLoss.backward(
                    one,
                    floats(new double[] {-3}),
                    floats(new double[] {-4}),
                    floats(new double[] {-3.2}),
                    floats(new double[] {-3.9}),
                    null,
                    floats(new double[] {.1}),
                    5);
            // -3.2 and -3.9 are off by up to 1e-7 in f32, times beta.
            assertClose(gradient.dchosen(), new double[] {-.4121276190}, 1e-6);
        }
    }

    @Test
    void kernelExceptionNamesThePair() {
        try (PointerScope scope = new PointerScope()) {
            Tensor good = floats(new double[] {-1, -2});
            Tensor bad = floats(new double[] {-1, Double.NEGATIVE_INFINITY});
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> DpoLoss.forward(good, bad, good, good, null, null, 1))
                    .withMessage("dpo_forward failed on [P=2] f32: dpo_forward_f32: "
                            + "pair 1: policy_rejected is -inf, expected finite");
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> DpoLoss.backward(bad, good, good, good, good, null, null, 1))
                    .withMessageContaining("pair 1: dloss is -inf");
        }
    }

    @Test
    void refusesWrongArguments() {
        try (PointerScope scope = new PointerScope()) {
            Tensor two = floats(new double[] {-1, -2});
            Tensor one = floats(new double[] {-1});
            assertRefused(
                    () -> DpoLoss.forward(two, one, two, two, null, null, 1),
                    "policyRejected: expected shape [2], got [1]");
            assertRefused(() -> DpoLoss.forward(two, two, two, two, null, one, 1), "flip: expected shape [2], got [1]");
            assertRefused(
                    () -> DpoLoss.forward(two, two, two, two, null, null, 0),
                    "beta: expected a finite number above 0, got 0.0");
            assertRefused(
                    () -> DpoLoss.backward(one, two, two, two, two, null, null, 1),
                    "dloss: expected shape [2], got [1]");
        }
    }
}
