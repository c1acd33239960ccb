package dev.chorus.kernels;

import static dev.chorus.kernels.Tensors.assertClose;
import static dev.chorus.kernels.Tensors.doubles;
import static dev.chorus.kernels.Tensors.flat;
import static dev.chorus.kernels.Tensors.floats;
import static dev.chorus.kernels.Tensors.leaf;
import static dev.chorus.kernels.TokenLogProbTest.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.math.SpecialFunctions;
import java.util.Arrays;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@SuppressWarnings("try") // a PointerScope works by being open
class EvidentialLossTest {
    /** What the plain sums of the references lose to cancellation at the strengths used here, S below 1e4. */
    private static final double CANCELLATION = 1e-9;
    /** Golden values have eight or ten decimals, and labels such as 0.7 are rounded to f32. */
    private static final double GOLDEN = 3e-8;

    @ParameterizedTest
    @EnumSource(Evidence.class)
    void equalsReferenceAndLibTorch(Evidence evidence) {
        int[][] shapes = {{1, 1, 1}, {1, 1, 2}, {2, 3, 5}, {7, 4, 17}, {3, 2, 101}};
        for (int[] shape : shapes) {
            int rows = shape[0];
            int labels = shape[1];
            int classes = shape[2];
            Random random = new Random(61);
            double[][] logits = Tensors.random(random, rows, classes, -4, 4);
            double[][][] targets = new double[rows][][];
            Arrays.setAll(targets, n -> labels(random, labels, classes));
            double[][] lambda = Tensors.random(random, rows, labels, 0, 1);
            double[] weights = Tensors.random(random, rows, 0.1, 3);
            double[] dloss = Tensors.random(random, rows, -2, 2);
            if (rows > 1) {
                weights[1] = 0;
                lambda[0][labels - 1] = 0;
            }
            double klWeight = 0.3;
            try (PointerScope scope = new PointerScope()) {
                Tensor z = floats(logits);
                Tensor y = floats(targets);
                Tensor l = floats(lambda);
                Tensor w = floats(weights);
                Tensor d = floats(dloss);
                EvidentialLoss.Result result = EvidentialLoss.forward(z, y, l, w, evidence, klWeight);
                Tensor dlogits = EvidentialLoss.backward(d, z, y, l, w, evidence, klWeight);

                EvidentialLossReference.Result reference =
                        EvidentialLossReference.forward(logits, targets, lambda, weights, evidence, klWeight);
                assertClose(result.loss(), reference.loss(), CANCELLATION);
                assertClose(result.nll(), reference.nll(), CANCELLATION);
                assertClose(result.kl(), reference.kl(), CANCELLATION);
                double[][] gradient =
                        EvidentialLossReference.backward(dloss, logits, targets, lambda, weights, evidence, klWeight);
                assertClose(dlogits, flat(gradient), CANCELLATION);

                Tensor autograd = leaf(z);
                Tensor stock = stock(autograd, y, l, w, evidence, klWeight);
                assertClose(result.loss(), doubles(stock), CANCELLATION);
                stock.mul(d.toType(ScalarType.Double)).sum().backward();
                assertClose(dlogits, doubles(autograd.grad()), CANCELLATION);

                EvidentialLoss.LossAndGradient both = EvidentialLoss.forwardBackward(d, z, y, l, w, evidence, klWeight);
                assertClose(both.result().loss(), reference.loss(), CANCELLATION);
                assertClose(both.result().nll(), reference.nll(), CANCELLATION);
                assertClose(both.result().kl(), reference.kl(), CANCELLATION);
                assertClose(both.dlogits(), flat(gradient), CANCELLATION);

                // Without lambda every label counts 1/W.
                double[][] even = new double[rows][labels];
                Arrays.stream(even).forEach(row -> Arrays.fill(row, 1.0 / labels));
                assertClose(
                        EvidentialLoss.forward(z, y, null, null, evidence, klWeight)
                                .loss(),
                        EvidentialLossReference.forward(logits, targets, even, null, evidence, klWeight)
                                .loss(),
                        CANCELLATION);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Evidence.class)
    void bf16LogitsAreTakenAsTheyAre(Evidence evidence) {
        int rows = 19;
        int classes = 11;
        Random random = new Random(62);
        double[][][] targets = new double[rows][][];
        Arrays.setAll(targets, n -> labels(random, 2, classes));
        double[][] lambda = Tensors.random(random, rows, 2, 0, 1);
        double[] dloss = Tensors.random(random, rows, -2, 2);
        try (PointerScope scope = new PointerScope()) {
            // A column slice, so that rows lie apart.
            Tensor z = floats(Tensors.random(random, rows, classes + 3, -4, 4))
                    .toType(ScalarType.BFloat16)
                    .narrow(1, 1, classes);
            double[] flat = doubles(z);
            double[][] logits = new double[rows][];
            Arrays.setAll(logits, n -> Arrays.copyOfRange(flat, n * classes, (n + 1) * classes));
            Tensor y = floats(targets);
            Tensor l = floats(lambda);
            Tensor d = floats(dloss);
            EvidentialLossReference.Result reference =
                    EvidentialLossReference.forward(logits, targets, lambda, null, evidence, 0.3);
            double[] gradient =
                    flat(EvidentialLossReference.backward(dloss, logits, targets, lambda, null, evidence, 0.3));
            EvidentialLoss.Result forward = EvidentialLoss.forward(z, y, l, null, evidence, 0.3);
            assertClose(forward.loss(), reference.loss(), CANCELLATION);
            assertClose(forward.kl(), reference.kl(), CANCELLATION);
            assertClose(EvidentialLoss.backward(d, z, y, l, null, evidence, 0.3), gradient, CANCELLATION);
            EvidentialLoss.LossAndGradient both = EvidentialLoss.forwardBackward(d, z, y, l, null, evidence, 0.3);
            assertClose(both.result().loss(), reference.loss(), CANCELLATION);
            assertClose(both.dlogits(), gradient, CANCELLATION);
            EvidentialLoss.LossAndGradient plain = EvidentialLoss.forwardBackward(d, z, y, l, null, evidence, 0);
            assertClose(plain.result().loss(), reference.nll(), CANCELLATION);
            assertClose(plain.result().kl(), new double[rows], 0);
        }
    }

    /** The loss composed of stock operations, in f64: autograd then gives its gradient. */
    static Tensor stock(Tensor z, Tensor labels, Tensor lambda, Tensor weights, Evidence evidence, double klWeight) {
        Scalar one = new Scalar(1.0);
        Tensor y = labels.toType(ScalarType.Double);
        Tensor e =
                switch (evidence) {
                    case EXP -> z.exp();
                    case SOFTPLUS -> torch.softplus(z);
                    case RELU -> z.relu();
                };
        Tensor alpha = e.add(one);
        double classes = z.size(1);
        Tensor logRatio = alpha.sum(new long[] {1}, true, null).log().sub(alpha.log());
        Tensor nll = y.mul(logRatio.unsqueeze(1)).sum(2);
        Tensor a = y.neg().add(one).mul(e.unsqueeze(1)).add(one);
        Tensor total = a.sum(new long[] {2}, true, null);
        Tensor terms = a.sub(one).mul(a.digamma().sub(total.digamma())).sub(a.lgamma());
        Tensor kl = total.squeeze(2)
                .lgamma()
                .sub(new Scalar(SpecialFunctions.lnGamma(classes)))
                .add(terms.sum(2));
        Tensor perLabel = nll.add(Tensors.times(kl, klWeight)).mul(lambda.toType(ScalarType.Double));
        return perLabel.sum(1).mul(weights.toType(ScalarType.Double));
    }

    private static double[][] labels(Random random, int labels, int classes) {
        double[][] y = Tensors.random(random, labels, classes, 0.01, 1);
        for (double[] label : y) {
            double sum = Arrays.stream(label).sum();
            Arrays.setAll(label, k -> (float) (label[k] / sum));
        }
        return y;
    }

    @Test
    void goldenExpEvidence() {
        assertGolden(
                new double[] {1, 0, -1},
                new double[] {1, 0, 0},
                0.6448820776,
                0.2301813313,
                new double[] {-.34745429, .14112013, .05191519},
                new double[] {0, .29320913, .01380514});
        assertGolden(
                new double[] {1, 0, -1},
                new double[] {.7, .2, .1},
                0.8689049790,
                0.1718259265,
                new double[] {-.12813672, .04112013, .02502105},
                new double[] {.12924601, .12289863, -.02396388});
        assertGolden(
                new double[] {3, 0, -1},
                new double[] {0, 1, 0},
                2.5036227542,
                3.3431287719,
                new double[] {.82137958, -.45910592, .01504409},
                new double[] {1.69876410, 0, -.18456206});
    }

    private static void assertGolden(double[] z, double[] y, double nll, double kl, double[] dnll, double[] dkl) {
        try (PointerScope scope = new PointerScope()) {
            Tensor logits = floats(new double[][] {z});
            Tensor targets = floats(new double[][][] {{y}});
            Tensor one = floats(new double[] {1});
            EvidentialLoss.Result result = EvidentialLoss.forward(logits, targets, null, null, Evidence.EXP, 1);
            assertClose(result.nll(), new double[] {nll}, GOLDEN);
            assertClose(result.kl(), new double[] {kl}, GOLDEN);
            assertClose(result.loss(), new double[] {nll + kl}, GOLDEN);
            assertClose(EvidentialLoss.backward(one, logits, targets, null, null, Evidence.EXP, 0), dnll, GOLDEN);
            double[] both = new double[z.length];
            Arrays.setAll(both, k -> dnll[k] + dkl[k]);
            assertClose(EvidentialLoss.backward(one, logits, targets, null, null, Evidence.EXP, 1), both, GOLDEN);
        }
    }

    @Test
    void goldenSoftplusReluAndThreeLabels() {
        try (PointerScope scope = new PointerScope()) {
            Tensor logits = floats(new double[][] {{1, 0, -1}});
            Tensor hard = floats(new double[][][] {{{1, 0, 0}}});
            Tensor one = floats(new double[] {1});
            assertClose(
                    EvidentialLoss.forward(logits, hard, null, null, Evidence.SOFTPLUS, 0)
                            .loss(),
                    new double[] {0.8327528613},
                    GOLDEN);
            assertClose(
                    EvidentialLoss.backward(one, logits, hard, null, null, Evidence.SOFTPLUS, 0),
                    new double[] {-.17860381, .09399078, .05055603},
                    GOLDEN);
            assertClose(
                    EvidentialLoss.forward(logits, hard, null, null, Evidence.RELU, 0)
                            .loss(),
                    new double[] {0.6931471806},
                    GOLDEN);
            assertClose(
                    EvidentialLoss.backward(one, logits, hard, null, null, Evidence.RELU, 0),
                    new double[] {-.25, 0, 0},
                    GOLDEN);
            Tensor three = floats(new double[][][] {{{.9, .05, .05}, {.6, .3, .1}, {.2, .7, .1}}});
            Tensor lambda = floats(new double[][] {{.25, .25, .5}});
            EvidentialLoss.Result result = EvidentialLoss.forward(logits, three, lambda, null, Evidence.EXP, 1);
            assertClose(result.loss(), new double[] {1.3459134943}, GOLDEN);
            assertClose(result.nll(), new double[] {1.0036821744}, GOLDEN);
        }
    }

    @Test
    void kernelExceptionNamesTheRow() {
        try (PointerScope scope = new PointerScope()) {
            Tensor logits = floats(new double[][] {{1, 0}, {0, 2}});
            Tensor targets = floats(new double[][][] {{{1, 0}}, {{0, 1.5}}});
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> EvidentialLoss.forward(logits, targets, null, null, Evidence.EXP, 1))
                    .withMessage("evidential_forward failed on [N=2, W=1, K=2] f32: evidential_forward_f32: "
                            + "row 1: label 0 gives class 1 1.5, expected [0, 1]");
            Tensor bad = floats(new double[] {1, Double.NaN});
            Tensor good = floats(new double[][][] {{{1, 0}}, {{0, 1}}});
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> EvidentialLoss.forwardBackward(bad, logits, good, null, null, Evidence.EXP, 1))
                    .withMessage("evidential_forward_backward failed on [N=2, W=1, K=2] f32: "
                            + "evidential_forward_backward_f32: row 1: dloss is nan, expected finite");
            assertThatExceptionOfType(KernelException.class)
                    .isThrownBy(() -> EvidentialLoss.backward(bad, logits, good, null, null, Evidence.EXP, 1))
                    .withMessageContaining("row 1: dloss is")
                    .satisfies(e -> assertThat(e.status()).isEqualTo(KernelException.Status.INVALID_VALUE));
        }
    }

    @Test
    void refusesWrongArguments() {
        try (PointerScope scope = new PointerScope()) {
            Tensor logits = floats(new double[][] {{1, 0}, {0, 2}});
            Tensor targets = floats(new double[][][] {{{1, 0}}, {{0, 1}}});
            Tensor two = floats(new double[] {1, 1});
            assertRefused(
                    () -> EvidentialLoss.forward(logits, logits, null, null, Evidence.EXP, 1),
                    "targets: expected shape [N, W, K], got [2, 2]");
            assertRefused(
                    () -> EvidentialLoss.forward(logits, targets.narrow(0, 0, 1), null, null, Evidence.EXP, 1),
                    "targets: expected shape [2, 1, 2], got [1, 1, 2]");
            assertRefused(
                    () -> EvidentialLoss.forward(logits, targets, two, null, Evidence.EXP, 1),
                    "lambda: expected shape [2, 1], got [2]");
            assertRefused(
                    () -> EvidentialLoss.forward(logits, targets, null, null, Evidence.EXP, -1),
                    "klWeight: expected a finite number of at least 0, got -1.0");
            assertRefused(
                    () -> EvidentialLoss.forward(logits, targets, null, null, null, 1),
                    "evidence: expected EXP, SOFTPLUS or RELU, got null");
            assertRefused(
                    () -> EvidentialLoss.forward(
                            logits.toType(ScalarType.Double), targets, null, null, Evidence.EXP, 1),
                    "logits: expected dtype Float or BFloat16, got Double");
            assertRefused(
                    () -> EvidentialLoss.forwardBackward(logits, logits, targets, null, null, Evidence.EXP, 1),
                    "dloss: expected shape [2], got [2, 2]");
            assertRefused(
                    () -> EvidentialLoss.backward(logits, logits, targets, null, null, Evidence.EXP, 1),
                    "dloss: expected shape [2], got [2, 2]");
        }
    }
}
