package dev.chorus.kernels;

import static dev.chorus.kernels.Tensors.assertClose;
import static dev.chorus.kernels.Tensors.doubles;
import static dev.chorus.kernels.Tensors.flat;
import static dev.chorus.kernels.Tensors.floats;
import static dev.chorus.kernels.Tensors.leaf;
import static dev.chorus.kernels.Tensors.longs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@SuppressWarnings("try") // a PointerScope works by being open
class EnsembleLogProbTest {
    /** Elements are computed in f32: ln sum, and what is a difference to it, is good to this. */
    private static final double ROW = 3e-7;

    /** A sum over 6 tokens of weights up to 3, each result rounded to f32 before: their sizes are up to 22. */
    private static final double SUM = 6 * 3 * (ROW + 22 * 6e-8);

    /**
     * The factor of a row is up to 3 * 8; lse in f32 and e^x in f32 put a relative error of 20 * 6e-8 + 2.4e-7 on a
     * probability. A responsibility, at most 1/4 times the error of two log-probabilities, counts up to 3 * 4 times.
     */
    private static final double GRADIENT = 24 * (20 * 6e-8 + 2.4e-7) + 3 * 2 * (ROW + 22 * 6e-8);

    private static final double BF16_ROUNDING = 0.00391;

    private static final int ROWS = 6;
    private static final double[] OMEGA = {0.25, 0.75, 0};
    private static final long[] OFFSETS = {0, 2, 2, 6};

    private static double rounding(ScalarType dtype) {
        return dtype == ScalarType.BFloat16 ? BF16_ROUNDING : Tensors.F32_ROUNDING;
    }

    private static double[][] rowsOf(Tensor matrix) {
        double[] values = doubles(matrix);
        int columns = (int) matrix.size(1);
        double[][] rows = new double[(int) matrix.size(0)][];
        Arrays.setAll(rows, n -> Arrays.copyOfRange(values, n * columns, (n + 1) * columns));
        return rows;
    }

    /** log p of the targets [N] by LibTorch, from a leaf. */
    private static Tensor stock(Tensor leaf, Tensor targets) {
        return torch.log_softmax(leaf, 1).gather(1, targets.unsqueeze(1)).squeeze(1);
    }

    private static Tensor wide(double[][] values) {
        return floats(values).toType(ScalarType.Double);
    }

    private static Tensor wide(double[] values) {
        return floats(values).toType(ScalarType.Double);
    }

    @ParameterizedTest
    @CsvSource({"5, Float", "1009, Float", "5, BFloat16", "1009, BFloat16"})
    void equalsReferenceAndLibTorch(int vocabulary, ScalarType dtype) {
        Random random = new Random(71);
        long[] targets = random.longs(ROWS, 0, vocabulary).toArray();
        double[] weights = Tensors.random(random, ROWS, 0.1, 3);
        weights[3] = 0;
        double[][] dlogps = Tensors.random(random, 3, ROWS, -2, 2);
        double[] dmixture = Tensors.random(random, ROWS, -2, 2);
        double[][] dsequence = Tensors.random(random, 3, 3, -2, 2);
        double[] dsequenceMixture = Tensors.random(random, 3, -2, 2);
        try (PointerScope scope = new PointerScope()) {
            Tensor together = floats(Tensors.random(random, 3 * ROWS, vocabulary, -8, 8))
                    .toType(dtype)
                    .reshape(3, ROWS, vocabulary);
            Tensor t = longs(targets);
            Tensor w = floats(weights);
            Tensor omega = floats(OMEGA);
            Tensor offsets = longs(OFFSETS);
            List<Tensor> apart = new ArrayList<>();
            List<Tensor> leaves = new ArrayList<>();
            double[][][] logits = new double[3][][];
            double[][] logps = new double[3][];
            double[][] sums = new double[3][];
            for (int i = 0; i < 3; i++) {
                apart.add(together.select(0, i).clone());
                leaves.add(leaf(apart.get(i)));
                logits[i] = rowsOf(apart.get(i));
                logps[i] = TokenLogProbReference.forward(logits[i], targets, weights)
                        .logps();
                sums[i] = EnsembleLogProbReference.sums(logps[i], weights, OFFSETS);
            }
            double[] mixture = EnsembleLogProbReference.mixture(logps, OMEGA, weights);

            EnsembleLogProb.Result result = EnsembleLogProb.forward(apart, t, w, omega, offsets);
            assertClose(result.logps(), flat(logps), ROW);
            assertClose(result.mixture(), mixture, ROW);
            assertClose(result.sequenceLogps(), flat(sums), SUM);
            assertClose(result.sequenceMixture(), EnsembleLogProbReference.sums(mixture, weights, OFFSETS), SUM);
            EnsembleLogProb.Result same = EnsembleLogProb.forward(together, t, w, omega, offsets);
            assertThat(doubles(same.logps())).isEqualTo(doubles(result.logps()));
            assertThat(doubles(same.entropy())).isEqualTo(doubles(result.entropy()));
            for (int i = 0; i < 3; i++) {
                TokenLogProb.Result alone = TokenLogProb.forward(apart.get(i), t, w);
                assertThat(doubles(alone.lse())).isEqualTo(doubles(result.lse().select(0, i)));
                assertThat(doubles(alone.entropy()))
                        .isEqualTo(doubles(result.entropy().select(0, i)));
            }

            EnsembleLogProb.Upstream upstream = new EnsembleLogProb.Upstream(
                    floats(dlogps), floats(dmixture), floats(dsequence), floats(dsequenceMixture));
            EnsembleLogProb.backwardInPlace(apart, t, result, upstream, w, omega, offsets);
            EnsembleLogProb.backwardInPlace(together, t, same, upstream, w, omega, offsets);
            double[][][] expected = EnsembleLogProbReference.backward(
                    logits, targets, dlogps, dmixture, dsequence, dsequenceMixture, weights, OMEGA, OFFSETS);

            // The same by autograd: the objective is linear in log-probs, mixture and their sums.
            Tensor stacked = torch.stack(
                    new TensorVector(stock(leaves.get(0), t), stock(leaves.get(1), t), stock(leaves.get(2), t)), 0);
            Tensor mixed = torch.logsumexp(stacked.add(wide(OMEGA).log().unsqueeze(1)), 0);
            double[] tokenD = new double[ROWS];
            double[][] modelD = new double[3][ROWS];
            for (int s = 0; s < 3; s++) {
                for (int n = (int) OFFSETS[s]; n < OFFSETS[s + 1]; n++) {
                    tokenD[n] = weights[n] * (dmixture[n] + dsequenceMixture[s]);
                    for (int i = 0; i < 3; i++) {
                        modelD[i][n] = weights[n] * (dlogps[i][n] + dsequence[i][s]);
                    }
                }
            }
            stacked.mul(wide(modelD)).sum().add(mixed.mul(wide(tokenD)).sum()).backward();
            for (int i = 0; i < 3; i++) {
                double[] actual = doubles(apart.get(i));
                assertClose(actual, flat(expected[i]), GRADIENT, rounding(dtype));
                assertClose(actual, doubles(leaves.get(i).grad()), GRADIENT, rounding(dtype));
                assertThat(doubles(together.select(0, i))).isEqualTo(actual);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"Float", "BFloat16"})
    void raggedEqualsReferenceAndLibTorch(ScalarType dtype) {
        Random random = new Random(72);
        int[] vocabularies = {7, 101, 33};
        long[][] offsets = {{0, 2, 2, 6}, {0, 1, 2, 4}, {0, 3, 3, 5}};
        double[][] dsequence = Tensors.random(random, 3, 3, -2, 2);
        double[] dmixture = Tensors.random(random, 3, -2, 2);
        try (PointerScope scope = new PointerScope()) {
            List<RaggedEnsembleLogProb.Model> models = new ArrayList<>();
            List<Tensor> leaves = new ArrayList<>();
            double[][][] logits = new double[3][][];
            double[][] weights = new double[3][];
            double[][] sums = new double[3][];
            double[][] means = new double[3][3];
            List<Tensor> stockSums = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                int rows = (int) offsets[i][3];
                Tensor z = floats(Tensors.random(random, rows, vocabularies[i], -8, 8))
                        .toType(dtype);
                long[] targets = random.longs(rows, 0, vocabularies[i]).toArray();
                weights[i] = Tensors.random(random, rows, 0.1, 3);
                models.add(new RaggedEnsembleLogProb.Model(
                        z, longs(targets), i == 2 ? null : floats(weights[i]), longs(offsets[i])));
                if (i == 2) {
                    Arrays.fill(weights[i], 1);
                }
                leaves.add(leaf(z));
                logits[i] = rowsOf(z);
                double[] logps = TokenLogProbReference.forward(logits[i], targets, weights[i])
                        .logps();
                sums[i] = EnsembleLogProbReference.sums(logps, weights[i], offsets[i]);
                double[] ones = new double[rows];
                Arrays.fill(ones, 1);
                double[] totals = EnsembleLogProbReference.sums(ones, weights[i], offsets[i]);
                for (int s = 0; s < 3; s++) {
                    means[i][s] = totals[s] > 0 ? sums[i][s] / totals[s] : 0;
                }
                double[][] inSequence = new double[3][rows];
                for (int s = 0; s < 3; s++) {
                    for (int n = (int) offsets[i][s]; n < offsets[i][s + 1]; n++) {
                        inSequence[s][n] = weights[i][n];
                    }
                }
                stockSums.add(torch.mv(
                        wide(inSequence), stock(leaves.get(i), models.get(i).targets())));
            }
            double[] mixture = new double[3];
            Arrays.setAll(
                    mixture, s -> EnsembleLogProbReference.logMixture(EnsembleLogProbReference.column(sums, s), OMEGA));
            Tensor omega = floats(OMEGA);

            RaggedEnsembleLogProb.Result result = RaggedEnsembleLogProb.forward(models, omega);
            assertClose(result.sequenceLogps(), flat(sums), SUM);
            assertClose(result.sequenceMeans(), flat(means), SUM);
            assertClose(result.sequenceMixture(), mixture, SUM);
            for (int i = 0; i < 3; i++) {
                RaggedEnsembleLogProb.Model model = models.get(i);
                TokenLogProb.Result alone = TokenLogProb.forward(model.logits(), model.targets(), model.weights());
                assertThat(doubles(result.logps().get(i))).isEqualTo(doubles(alone.logps()));
                assertThat(doubles(result.entropy().get(i))).isEqualTo(doubles(alone.entropy()));
            }
            RaggedEnsembleLogProb.backwardInPlace(models, result, floats(dsequence), floats(dmixture), omega);
            Tensor stacked = torch.stack(new TensorVector(stockSums.get(0), stockSums.get(1), stockSums.get(2)), 0);
            Tensor mixed = torch.logsumexp(stacked.add(wide(OMEGA).log().unsqueeze(1)), 0);
            stacked.mul(wide(dsequence))
                    .sum()
                    .add(mixed.mul(wide(dmixture)).sum())
                    .backward();
            // The responsibility stands on sums in f32, up to 6 * 3 * 22.
            double gradient = GRADIENT + 3 * 2 * 2 * (SUM + 6 * 3 * 22 * 6e-8);
            for (int i = 0; i < 3; i++) {
                assertClose(
                        doubles(models.get(i).logits()), doubles(leaves.get(i).grad()), gradient, rounding(dtype));
            }
        }
    }

    @Test
    void goldenValues() {
        try (PointerScope scope = new PointerScope()) {
            Tensor first = floats(new double[][] {{1, 0, -1}, {0, 2, 0}});
            Tensor uniform = floats(new double[][] {{1, 1, 1}, {1, 1, 1}});
            Tensor omega = floats(new double[] {0.75, 0.25});
            Tensor targets = longs(0, 1);
            Tensor offsets = longs(0, 2);
            EnsembleLogProb.Result result =
                    EnsembleLogProb.forward(List.of(first, uniform), targets, null, omega, offsets);
            assertClose(result.mixture(), new double[] {-0.54083124, -0.39515910}, 6e-9 + ROW);
            assertClose(result.sequenceLogps(), new double[] {-0.64715073, -2.19722458}, 6e-9 + 2 * ROW);
            assertClose(result.sequenceMixture(), new double[] {-0.93599034}, 6e-9 + 2 * ROW);
            RaggedEnsembleLogProb.Result ragged = RaggedEnsembleLogProb.forward(
                    List.of(
                            new RaggedEnsembleLogProb.Model(first, targets, null, offsets),
                            new RaggedEnsembleLogProb.Model(uniform, targets, null, offsets)),
                    omega);
            assertClose(ragged.sequenceMeans(), new double[] {-0.32357537, -1.09861229}, 6e-9 + ROW);
            assertClose(ragged.sequenceMixture(), new double[] {-0.86647898}, 6e-9 + 2 * ROW);
        }
    }

    @Test
    void withoutOffsetsThereAreNoSequences() {
        try (PointerScope scope = new PointerScope()) {
            Tensor z = floats(new double[][] {{1, 0}});
            EnsembleLogProb.Result result =
                    EnsembleLogProb.forward(List.of(z), longs(0), null, floats(new double[] {1}), null);
            assertThat(result.sequenceLogps()).isNull();
            assertThat(result.sequenceMixture()).isNull();
            assertThat(doubles(result.mixture())).isEqualTo(doubles(result.logps()));
        }
    }

    @Test
    void errorsNameModelAndRow() {
        try (PointerScope scope = new PointerScope()) {
            Tensor good = floats(new double[][] {{1, 0}, {0, 1}});
            Tensor bad = floats(new double[][] {{1, 0}, {0, Double.NaN}});
            Tensor half = floats(new double[] {0.5, 0.5});
            Tensor ones = floats(new double[] {1, 1});
            Tensor targets = longs(0, 1);
            Tensor offsets = longs(0, 2);
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> EnsembleLogProb.forward(List.of(good, bad), targets, null, half, null))
                    .withMessage("ensemble_logprob_forward failed on [W=2, N=2, V=2] f32: "
                            + "ensemble_logprob_forward_f32: model 1: row 1: logit 1 is NaN");
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> EnsembleLogProb.forward(List.of(good, bad), targets, null, ones, null))
                    .withMessageContaining("omega sums to 2 over 2 models, expected 1");
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> RaggedEnsembleLogProb.forward(
                            List.of(
                                    new RaggedEnsembleLogProb.Model(good, targets, null, offsets),
                                    new RaggedEnsembleLogProb.Model(bad, targets, null, offsets)),
                            half))
                    .withMessageStartingWith("ragged_ensemble_logprob_forward failed on [N=[2, 2], V=[2, 2], S=1] f32")
                    .withMessageContaining("model 1: row 1: logit 1 is NaN");
            EnsembleLogProb.Result result = EnsembleLogProb.forward(List.of(good, good), targets, null, half, offsets);
            EnsembleLogProb.Upstream none = new EnsembleLogProb.Upstream(null, null, null, null);
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> EnsembleLogProb.backwardInPlace(
                            List.of(good, bad), targets, result, none, null, half, offsets))
                    .withMessageContaining("expected at least one");
            TokenLogProbTest.assertRefused(
                    () -> EnsembleLogProb.forward(List.of(), targets, null, half, null),
                    "logits: expected at least one model, got none");
            TokenLogProbTest.assertRefused(
                    () -> EnsembleLogProb.forward(
                            List.of(good, good.toType(ScalarType.BFloat16)), targets, null, half, null),
                    "logits[1]: expected dtype Float, got BFloat16");
            TokenLogProbTest.assertRefused(
                    () -> RaggedEnsembleLogProb.forward(
                            List.of(new RaggedEnsembleLogProb.Model(good, longs(0), null, offsets)), half),
                    "models[0].targets: expected shape [2], got [1]");
        }
    }
}
