package dev.chorus.loss;

import static dev.chorus.loss.Differences.GOLDEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.math.SpecialFunctions;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EvidentialClassLossTest {
    private static final double[][] Z = {{1, 0, -1}};
    private static final double[][] WEAK = {{.9, .05, .05}, {.6, .3, .1}, {.2, .7, .1}};

    /** NLL + KL of the three weak labels one by one. */
    private static final double[] EACH = {.89033424, 1.14045848, 1.67643063};

    private static final EvidentialClassLoss FULL = new EvidentialClassLoss(Evidence.EXP, 1);

    @Test
    void goldenOfOneLabel() {
        double[] label = {1, 0, 0};
        try (Scope scope = new Scope()) {
            LossValue nll = FULL.of(Tensors.floats(Z, 3), new double[][][] {{label}}, 0);
            assertThat(nll.value()).isCloseTo(0.6448820776, within(GOLDEN));
            assertThat(Tensors.toRows(nll.gradient())[0])
                    .containsExactly(new double[] {-.34745429, .14112013, .05191519}, within(GOLDEN));
            LossValue both = FULL.of(Tensors.floats(Z, 3), new double[][][] {{label}}, 1);
            assertThat(both.value()).isCloseTo(0.6448820776 + 0.2301813313, within(GOLDEN));
            assertThat(Tensors.toRows(both.gradient())[0])
                    .containsExactly(
                            new double[] {-.34745429, .14112013 + .29320913, .05191519 + .01380514}, within(GOLDEN));
        }
    }

    @Test
    void goldenOfWeightedLabels() {
        try (Scope scope = new Scope()) {
            LossValue loss =
                    FULL.of(Tensors.floats(Z, 3), new double[][][] {WEAK}, new double[][] {{.25, .25, .5}}, null, 1, 1);
            assertThat(loss.value()).isCloseTo(1.3459134943, within(GOLDEN));
            LossValue nll =
                    FULL.of(Tensors.floats(Z, 3), new double[][][] {WEAK}, new double[][] {{.25, .25, .5}}, null, 1, 0);
            assertThat(nll.value()).isCloseTo(1.0036821744, within(GOLDEN));
        }
    }

    @Test
    void severalLabelsShareEqually() {
        try (Scope scope = new Scope()) {
            LossValue loss = FULL.of(Tensors.floats(Z, 3), new double[][][] {WEAK}, 1);
            assertThat(loss.value()).isCloseTo((EACH[0] + EACH[1] + EACH[2]) / 3, within(GOLDEN));
        }
    }

    @Test
    void missingAnswersRenormalise() {
        try (Scope scope = new Scope()) {
            LossValue gap = FULL.of(Tensors.floats(Z, 3), new double[][][] {{WEAK[0], null, WEAK[2]}}, 1);
            LossValue two = FULL.of(Tensors.floats(Z, 3), new double[][][] {{WEAK[0], WEAK[2]}}, 1);
            assertThat(gap.value()).isCloseTo((EACH[0] + EACH[2]) / 2, within(GOLDEN));
            assertThat(Tensors.toRows(gap.gradient())[0])
                    .containsExactly(Tensors.toRows(two.gradient())[0], within(GOLDEN));
        }
    }

    /** An item that nobody answered is dropped: it does not thin out the mean over the others. */
    @Test
    void unansweredItemIsRemoved() {
        double[][] logits = {{1, 0, -1}, {0.5, 2, 1}, {-1, 0, 1}};
        double[] none = null;
        try (Scope scope = new Scope()) {
            LossValue gap = FULL.of(
                    Tensors.floats(logits, 3), new double[][][] {{WEAK[0], WEAK[1]}, {none, none}, {WEAK[2], none}}, 1);
            LossValue removed = FULL.of(
                    Tensors.floats(new double[][] {logits[0], logits[2]}, 3),
                    new double[][][] {{WEAK[0], WEAK[1]}, {WEAK[2], none}},
                    1);
            assertThat(gap.value()).isCloseTo(removed.value(), within(GOLDEN));
            double[][] gradient = Tensors.toRows(gap.gradient());
            double[][] expected = Tensors.toRows(removed.gradient());
            assertThat(gradient[0]).containsExactly(expected[0], within(GOLDEN));
            assertThat(gradient[1]).containsOnly(0);
            assertThat(gradient[2]).containsExactly(expected[1], within(GOLDEN));

            LossValue nobody = FULL.of(Tensors.floats(Z, 3), new double[][][] {{none, none}}, 1);
            assertThat(nobody.value()).isZero();
            assertThat(Tensors.toFloats(nobody.gradient())).containsOnly(0);
        }
    }

    @ParameterizedTest
    @EnumSource(Evidence.class)
    void equalsPlainComputation(Evidence evidence) {
        Random random = new Random(31);
        double[][] logits = Differences.logits(random, 3, 4);
        double[][][] labels = {
            Differences.simplex(random, 2, 4), Differences.simplex(random, 2, 4), Differences.simplex(random, 2, 4)
        };
        labels[1][0] = null;
        try (Scope scope = new Scope()) {
            Differences.assertGradient(
                    new EvidentialClassLoss(evidence, 0.8).of(Tensors.floats(logits, 4), labels, 0.5),
                    logits,
                    z -> plain(evidence, 0.4, z, labels));
        }
    }

    private static double plain(Evidence evidence, double klWeight, double[][] logits, double[][][] labels) {
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            double item = 0;
            int answered = 0;
            for (double[] label : labels[i]) {
                if (label != null) {
                    answered++;
                    item += one(evidence, klWeight, logits[i], label);
                }
            }
            sum += item / answered;
        }
        return sum / logits.length;
    }

    private static double one(Evidence evidence, double klWeight, double[] z, double[] y) {
        int classes = z.length;
        double total = 0;
        double rest = 0;
        double[] alpha = new double[classes];
        double[] tilde = new double[classes];
        for (int k = 0; k < classes; k++) {
            alpha[k] = 1
                    + switch (evidence) {
                        case EXP -> Math.exp(z[k]);
                        case SOFTPLUS -> Math.log1p(Math.exp(z[k]));
                        case RELU -> Math.max(z[k], 0);
                    };
            tilde[k] = 1 + (1 - y[k]) * (alpha[k] - 1);
            total += alpha[k];
            rest += tilde[k];
        }
        double nll = 0;
        double kl = SpecialFunctions.lnGamma(rest) - SpecialFunctions.lnGamma(classes);
        for (int k = 0; k < classes; k++) {
            nll += y[k] * (Math.log(total) - Math.log(alpha[k]));
            kl += (tilde[k] - 1) * (SpecialFunctions.digamma(tilde[k]) - SpecialFunctions.digamma(rest))
                    - SpecialFunctions.lnGamma(tilde[k]);
        }
        return nll + klWeight * kl;
    }
}
