package dev.chorus.kernels;

import static dev.chorus.kernels.Tensors.assertClose;
import static dev.chorus.kernels.Tensors.doubles;
import static dev.chorus.kernels.Tensors.floats;
import static dev.chorus.kernels.Tensors.longs;
import static dev.chorus.kernels.TokenLogProbTest.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chorus.kernels.DirichletAggregation.Output;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@SuppressWarnings("try") // a PointerScope works by being open
class DirichletAggregationTest {
    private static final Set<Output> ALL = EnumSet.allOf(Output.class);
    /** What the plain sums of the reference and of stock operations lose at strengths below 100. */
    private static final double CANCELLATION = 1e-11;
    /** Golden values have eight decimals. */
    private static final double GOLDEN = 6e-9;

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "2, 3, 2", "7, 5, 3", "13, 4, 10", "3, 2, 101"})
    void equalsReferenceAndLibTorch(int rows, int labelers, int classes) {
        Random random = new Random(81);
        double[] prior = Tensors.random(random, classes, 0.1, 2);
        double[] labelerWeights = Tensors.random(random, labelers, 0.1, 3);
        double[][] lambda = Tensors.random(random, rows, labelers, 0.1, 1);
        long[] votes = random.longs((long) rows * labelers, -1, classes).toArray();
        double[][][] labels = new double[rows][][];
        Arrays.setAll(labels, n -> Tensors.random(random, labelers, classes, 0, 1));
        try (PointerScope scope = new PointerScope()) {
            Tensor p = floats(prior);
            Tensor v = floats(labelerWeights);
            Tensor l = floats(lambda);
            Tensor soft = floats(labels);
            Tensor half = soft.toType(ScalarType.BFloat16);
            double[] rounded = doubles(half);
            double[][] ofVotes = new double[rows][];
            double[][] ofLabels = new double[rows][];
            double[][] ofHalf = new double[rows][];
            for (int n = 0; n < rows; n++) {
                long[] row = Arrays.copyOfRange(votes, n * labelers, (n + 1) * labelers);
                ofVotes[n] = DirichletAggregationReference.ofVotes(row, labelerWeights, prior);
                ofLabels[n] = DirichletAggregationReference.ofSoftLabels(labels[n], lambda[n], labelerWeights, prior);
                double[][] halves = new double[labelers][];
                int first = n * labelers;
                Arrays.setAll(
                        halves, w -> Arrays.copyOfRange(rounded, (first + w) * classes, (first + w + 1) * classes));
                ofHalf[n] = DirichletAggregationReference.ofSoftLabels(halves, lambda[n], labelerWeights, prior);
            }
            check(DirichletAggregation.ofVotes(longs(votes).reshape(rows, labelers), v, p, null, ALL), ofVotes);
            check(DirichletAggregation.ofSoftLabels(soft, l, v, p, null, ALL), ofLabels);
            check(DirichletAggregation.ofSoftLabels(half, l, v, p, null, ALL), ofHalf);

            // alpha by stock operations, and the expected entropy by LibTorch's digamma.
            Tensor alpha = soft.toType(ScalarType.Double)
                    .mul(l.toType(ScalarType.Double)
                            .mul(v.toType(ScalarType.Double))
                            .unsqueeze(2))
                    .sum(1)
                    .add(p.toType(ScalarType.Double));
            DirichletAggregation.Result result =
                    DirichletAggregation.ofSoftLabels(soft, l, v, p, null, EnumSet.of(Output.ALPHA, Output.EXPECTED));
            assertClose(result.get(Output.ALPHA), doubles(alpha), CANCELLATION);
            Tensor strength = alpha.sum(1).unsqueeze(1);
            Tensor one = alpha.new_ones(1);
            Tensor expected = alpha.div(strength)
                    .mul(strength.add(one).digamma().sub(alpha.add(one).digamma()))
                    .sum(1);
            assertClose(result.get(Output.EXPECTED), doubles(expected), CANCELLATION);
        }
    }

    private static void check(DirichletAggregation.Result result, double[][] alpha) {
        for (Output output : Output.values()) {
            double[] expected = Arrays.stream(alpha)
                    .flatMapToDouble(a -> Arrays.stream(DirichletAggregationReference.output(output, a)))
                    .toArray();
            assertThat(doubles(result.get(output))).as("%s", output).hasSameSizeAs(expected);
            assertClose(result.get(output), expected, CANCELLATION);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "4,  2,  1,  .95569989,  .83095238, .12474751, -1.48749174, .28571429, .42857143",
        "1,  1,  1,  1.09861229, .83333333, .26527896, -.69314718,  .66666667, 1",
        "40, 20, 10, .95569989,  .94160537, .01409452, -3.33010278, .02857143, .04285714",
    })
    void matchesGoldenValues(
            double a,
            double b,
            double c,
            double total,
            double expected,
            double mutual,
            double differential,
            double epkl,
            double vacuity) {
        try (PointerScope scope = new PointerScope()) {
            DirichletAggregation.Result result = DirichletAggregation.ofVotes(
                    longs(-1).reshape(1, 1), null, floats(new double[] {a, b, c}), null, ALL);
            assertClose(result.get(Output.TOTAL), new double[] {total}, GOLDEN);
            assertClose(result.get(Output.EXPECTED), new double[] {expected}, GOLDEN);
            assertClose(result.get(Output.MUTUAL_INFORMATION), new double[] {mutual}, GOLDEN);
            assertClose(result.get(Output.DIFFERENTIAL_ENTROPY), new double[] {differential}, GOLDEN);
            assertClose(result.get(Output.EPKL), new double[] {epkl}, GOLDEN);
            assertClose(result.get(Output.VACUITY), new double[] {vacuity}, GOLDEN);
        }
    }

    @Test
    void rowsOfWeightZeroAreNotLookedAt() {
        try (PointerScope scope = new PointerScope()) {
            DirichletAggregation.Result result = DirichletAggregation.ofVotes(
                    longs(99, -7, 1, 1).reshape(2, 2),
                    null,
                    floats(new double[] {1, 1}),
                    floats(new double[] {0, 1}),
                    EnumSet.of(Output.ALPHA, Output.LABEL, Output.TOTAL));
            assertThat(doubles(result.get(Output.ALPHA))).containsExactly(0, 0, 1, 3);
            assertThat(doubles(result.get(Output.LABEL))).containsExactly(-1, 1);
            assertThat(doubles(result.get(Output.TOTAL))[0]).isZero();
        }
    }

    @Test
    void givesOnlyWhatIsWanted() {
        try (PointerScope scope = new PointerScope()) {
            DirichletAggregation.Result result = DirichletAggregation.ofVotes(
                    longs(1, 1).reshape(1, 2), null, floats(new double[] {1, 1}), null, Set.of(Output.LABEL));
            assertThat(result.tensors()).containsOnlyKeys(Output.LABEL);
            assertThatThrownBy(() -> result.get(Output.ALPHA))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("ALPHA was not asked for, only [LABEL]");
        }
    }

    @Test
    void kernelExceptionNamesTheRow() {
        try (PointerScope scope = new PointerScope()) {
            Tensor prior = floats(new double[] {1, 1});
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> DirichletAggregation.ofVotes(longs(0, 2).reshape(2, 1), null, prior, null, ALL))
                    .withMessageContaining("dirichlet_posterior failed on [N=2, W=1, K=2]")
                    .withMessageContaining("row 1: labeler 0 votes 2, expected [0, 2) or -1 for none");
        }
    }

    @Test
    void refusesWrongArguments() {
        try (PointerScope scope = new PointerScope()) {
            Tensor prior = floats(new double[] {1, 1});
            Tensor votes = longs(0, 1).reshape(2, 1);
            assertRefused(
                    () -> DirichletAggregation.ofVotes(longs(0, 1), null, prior, null, ALL),
                    "votes: expected shape [N, W], got [2]");
            assertRefused(
                    () -> DirichletAggregation.ofVotes(prior.reshape(2, 1), null, prior, null, ALL),
                    "votes: expected dtype Long, got Float");
            assertRefused(
                    () -> DirichletAggregation.ofVotes(votes, prior, prior, null, ALL),
                    "labelerWeights: expected shape [1], got [2]");
            assertRefused(
                    () -> DirichletAggregation.ofSoftLabels(votes.reshape(1, 1, 2), null, null, prior, null, ALL),
                    "labels: expected dtype Float or BFloat16, got Long");
        }
    }
}
