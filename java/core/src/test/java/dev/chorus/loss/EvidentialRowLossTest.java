package dev.chorus.loss;

import static dev.chorus.loss.RowDifferences.EIGHT_DIGITS;
import static dev.chorus.loss.RowDifferences.TEN_DIGITS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.loss.EvidentialRowLoss.Terms;
import dev.chorus.math.SpecialFunctions;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class EvidentialRowLossTest {
    private static final double[] Z = {1, 0, -1};
    private static final double[][] WEAK = {{.9, .05, .05}, {.6, .3, .1}, {.2, .7, .1}};
    /** A few units in the last place of numbers of about 10 inside lnGamma and digamma. */
    private static final double ROUNDING = 2e-14;

    private static final double[] LAMBDA = {.25, .25, .5};

    private static final EvidentialRowLoss EXP = new EvidentialRowLoss(Evidence.EXP, 1);

    @Test
    void goldenOfExpEvidence() {
        assertThat(EvidenceRow.of(Evidence.EXP, Z).alpha())
                .containsExactly(new double[] {3.71828183, 2, 1.36787944}, within(EIGHT_DIGITS));
        assertThat(EvidenceRow.of(Evidence.EXP, new double[] {3, 0, -1}).alpha())
                .containsExactly(new double[] {21.08553692, 2, 1.36787944}, within(EIGHT_DIGITS));

        assertTerms(
                EXP.terms(Z, new double[] {1, 0, 0}),
                0.6448820776,
                0.2301813313,
                new double[] {-.34745429, .14112013, .05191519},
                new double[] {0, .29320913, .01380514});
        assertTerms(
                EXP.terms(Z, new double[] {.7, .2, .1}),
                0.8689049790,
                0.1718259265,
                new double[] {-.12813672, .04112013, .02502105},
                new double[] {.12924601, .12289863, -.02396388});
        assertTerms(
                EXP.terms(new double[] {3, 0, -1}, new double[] {0, 1, 0}),
                2.5036227542,
                3.3431287719,
                new double[] {.82137958, -.45910592, .01504409},
                new double[] {1.69876410, 0, -.18456206});
    }

    @Test
    void goldenOfOtherEvidence() {
        double[] label = {1, 0, 0};
        Terms relu = new EvidentialRowLoss(Evidence.RELU, 1).terms(Z, label);
        assertThat(relu.nll()).isCloseTo(0.6931471806, within(TEN_DIGITS));
        assertThat(relu.dnll()).containsExactly(new double[] {-.25, 0, 0}, within(EIGHT_DIGITS));
        Terms softplus = new EvidentialRowLoss(Evidence.SOFTPLUS, 1).terms(Z, label);
        // ln S - ln alpha_1 with forty digits: 0.83275286123876...
        assertThat(softplus.nll()).isCloseTo(0.8327528612, within(TEN_DIGITS));
        assertThat(softplus.dnll())
                .containsExactly(new double[] {-.17860381, .09399078, .05055603}, within(EIGHT_DIGITS));
    }

    @Test
    void goldenOfThreeWeakLabels() {
        double[][] logits = {Z};
        double[][][] labels = {WEAK};
        assertThat(EXP.of(logits, labels, LAMBDA, 1).mean()).isCloseTo(1.3459134943, within(TEN_DIGITS));
        assertThat(EXP.of(logits, labels, LAMBDA, 0).mean()).isCloseTo(1.0036821744, within(TEN_DIGITS));
        double[] each = {.89033424, 1.14045848, 1.67643063};
        for (int i = 0; i < each.length; i++) {
            assertThat(EXP.of(logits, new double[][][] {{WEAK[i]}}, new double[] {1}, 1)
                            .mean())
                    .isCloseTo(each[i], within(EIGHT_DIGITS));
        }
    }

    /** Why the evidential loss without its KL term sees nothing but the mean label. */
    @ParameterizedTest
    @CsvSource({".25, .25, 1.0036821744", ".3333333333333333, .3333333333333333, .9452554883"})
    void nllOfManyLabelsIsThatOfTheirMean(double first, double second, double expected) {
        double[] lambda = {first, second, 1 - first - second};
        double[] mean = new double[3];
        for (int i = 0; i < 3; i++) {
            for (int k = 0; k < 3; k++) {
                mean[k] += lambda[i] * WEAK[i][k];
            }
        }
        assertThat(EXP.of(new double[][] {Z}, new double[][][] {WEAK}, lambda, 0)
                        .mean())
                .isCloseTo(expected, within(TEN_DIGITS));
        assertThat(EXP.terms(Z, mean).nll()).isCloseTo(expected, within(TEN_DIGITS));
    }

    /** sum_k y_k L(e_k): the same NLL, another KL; for a one-hot label the same loss. */
    @ParameterizedTest
    @EnumSource(Evidence.class)
    void mixtureIsTheSumOverOneHotLabels(Evidence evidence) {
        Random random = new Random(3);
        for (int classes : new int[] {2, 3, 40}) {
            double[] z = Differences.logits(random, 1, classes)[0];
            // One class may hold most of the evidence.
            z[1] = 12;
            double[] y = Differences.simplex(random, 1, classes)[0];
            Terms mixture = new EvidentialRowLoss(evidence, 1, true, Double.POSITIVE_INFINITY).terms(z, y);
            double kl = 0;
            double[] dkl = new double[classes];
            for (int k = 0; k < classes; k++) {
                Terms one = new EvidentialRowLoss(evidence, 1).terms(z, SoftmaxRows.oneHot(classes, k));
                kl += y[k] * one.kl();
                for (int j = 0; j < classes; j++) {
                    dkl[j] += y[k] * one.dkl()[j];
                }
                Terms hard = new EvidentialRowLoss(evidence, 1, true, Double.POSITIVE_INFINITY)
                        .terms(z, SoftmaxRows.oneHot(classes, k));
                assertThat(hard.kl()).isCloseTo(one.kl(), within(1e-11));
            }
            assertThat(mixture.kl()).isCloseTo(kl, within(1e-11 * Math.max(1, kl)));
            assertThat(mixture.dkl()).containsExactly(dkl, within(1e-10));
            assertThat(mixture.nll())
                    .isEqualTo(new EvidentialRowLoss(evidence, 1).terms(z, y).nll());
        }
    }

    @ParameterizedTest
    @EnumSource(Evidence.class)
    void gradients(Evidence evidence) {
        Random random = new Random(8);
        for (boolean mixture : new boolean[] {false, true}) {
            EvidentialRowLoss loss = new EvidentialRowLoss(evidence, 1, mixture, Double.POSITIVE_INFINITY);
            double[] z = Differences.logits(random, 1, 5)[0];
            double[] y = Differences.simplex(random, 1, 5)[0];
            Terms terms = loss.terms(z, y);
            RowDifferences.assertGradient(
                    terms.dnll(), z, at -> loss.terms(at, y).nll());
            RowDifferences.assertGradient(
                    terms.dkl(), z, at -> loss.terms(at, y).kl());
            RowDifferences.assertGradient(
                    terms.dnllLabel(), y, at -> loss.terms(z, at).nll());
            RowDifferences.assertGradient(
                    terms.dklLabel(), y, at -> loss.terms(z, at).kl());
        }
    }

    /** The kernel and the plain form agree where both exist, missing answers included. */
    @Test
    void equalsTheKernel() {
        Random random = new Random(12);
        double[][] logits = Differences.logits(random, 3, 4);
        double[][][] labels = {
            Differences.simplex(random, 2, 4), Differences.simplex(random, 2, 4), {null, null},
        };
        labels[1][0] = null;
        RowLosses plain = new EvidentialRowLoss(Evidence.EXP, 0.3).of(logits, labels, new double[] {.5, .5}, 0.5);
        assertThat(plain.losses()[2]).isZero();
        assertThat(plain.gradients()[2]).containsOnly(0);
        try (Scope scope = new Scope()) {
            LossValue kernel = new EvidentialClassLoss(Evidence.EXP, 0.3).of(Tensors.floats(logits, 4), labels, 0.5);
            assertThat(kernel.value())
                    .isCloseTo((plain.losses()[0] + plain.losses()[1]) / 2, within(Differences.VALUE));
            for (int n = 0; n < 3; n++) {
                for (int k = 0; k < 4; k++) {
                    assertThat(Tensors.toRows(kernel.gradient())[n][k])
                            .isCloseTo(plain.gradients()[n][k] / 2, within(Differences.GRADIENT));
                }
            }
        }
    }

    @Test
    void edges() {
        // No evidence at all.
        Terms none =
                new EvidentialRowLoss(Evidence.RELU, 1).terms(new double[] {-1, -2, -3}, new double[] {.5, .2, .3});
        assertThat(none.nll()).isCloseTo(Math.log(3), within(1e-15));
        assertThat(none.kl()).isCloseTo(0, within(ROUNDING));
        assertThat(none.dnll()).containsExactly(new double[3], within(Double.MIN_VALUE));
        // One class.
        Terms one = EXP.terms(new double[] {2}, new double[] {1});
        assertThat(one.nll()).isCloseTo(0, within(1e-15));
        assertThat(one.kl()).isCloseTo(0, within(ROUNDING));
        // Logits beyond the range of exp.
        Terms large = EXP.terms(new double[] {800, 0, -800}, new double[] {1, 0, 0});
        assertThat(large.nll()).isCloseTo(0, within(1e-15));
        assertThat(EXP.terms(new double[] {800, 0, -800}, new double[] {0, 0, 1})
                        .nll())
                .isCloseTo(800, within(1e-12));
    }

    /** With a certain student the KL keeps its digits: {@code KL ~ (K - 1) ln alpha} less a constant, not rounding. */
    @Test
    void largeConcentrationsKeepTheirDigits() {
        for (double z : new double[] {5, 9, 9.3, 20, 35}) {
            Terms terms = EXP.terms(new double[] {z, -700}, new double[] {0, 1});
            // Dir(a, 1) is Beta(a, 1): the KL divergence from the uniform one is ln a + 1 / a - 1.
            double a = 1 + Math.exp(z);
            assertThat(terms.kl()).isCloseTo(Math.log(a) + 1 / a - 1, within(1e-10));
            assertThat(terms.dkl()[0]).isCloseTo((1 / a - 1 / (a * a)) * Math.exp(z), within(1e-9));
        }
    }

    /** The authors' clamp: beyond it the term is a constant. */
    @Test
    void clampOfTheOriginal() {
        double[][] logits = {{12, 11, -1}};
        double[][][] labels = {{{0, 0, 1}}};
        double[] lambda = {1};
        double kl = EXP.terms(logits[0], labels[0][0]).kl();
        assertThat(kl).isGreaterThan(5);
        EvidentialRowLoss clamped = new EvidentialRowLoss(Evidence.EXP, 0.5, false, 5);
        RowLosses rows = clamped.of(logits, labels, lambda, 1);
        assertThat(rows.losses()[0]).isCloseTo(EXP.of(logits, labels, lambda, 0).losses()[0] + 0.5 * 5, within(1e-12));
        assertThat(rows.gradients()[0])
                .containsExactly(EXP.of(logits, labels, lambda, 0).gradients()[0]);
        // Annealed below the bound it is what it is without one.
        assertThat(clamped.of(logits, labels, lambda, 1 / kl).losses()[0])
                .isCloseTo(
                        new EvidentialRowLoss(Evidence.EXP, 0.5)
                                .of(logits, labels, lambda, 1 / kl)
                                .losses()[0],
                        within(1e-12));
    }

    @Test
    void directKlOfTheDefinition() {
        double[] alpha = {3.2, 1, 7.7};
        double strength = 11.9;
        double expected = SpecialFunctions.lnGamma(strength) - SpecialFunctions.lnGamma(3);
        for (double a : alpha) {
            expected += (a - 1) * (SpecialFunctions.digamma(a) - SpecialFunctions.digamma(strength))
                    - SpecialFunctions.lnGamma(a);
        }
        assertThat(UniformDirichletKl.of(alpha)).isCloseTo(expected, within(1e-13));
        // The series meets the direct form where it takes over.
        for (double a : new double[] {1e4 - 1e-6, 1e4}) {
            double direct = (a - 1) * SpecialFunctions.digamma(a) - SpecialFunctions.lnGamma(a) - a;
            assertThat(UniformDirichletKl.h(a)).isCloseTo(direct, within(1e-10));
            assertThat(UniformDirichletKl.u(a)).isCloseTo((a - 1) * SpecialFunctions.trigamma(a) - 1, within(1e-15));
            assertThat(UniformDirichletKl.v(a, 18))
                    .isCloseTo((a - 18) * SpecialFunctions.trigamma(a) - 1, within(1e-15));
        }
    }

    private static void assertTerms(Terms terms, double nll, double kl, double[] dnll, double[] dkl) {
        assertThat(terms.nll()).isCloseTo(nll, within(TEN_DIGITS));
        assertThat(terms.kl()).isCloseTo(kl, within(TEN_DIGITS));
        assertThat(terms.dnll()).containsExactly(dnll, within(EIGHT_DIGITS));
        assertThat(terms.dkl()).containsExactly(dkl, within(EIGHT_DIGITS));
    }
}
