package dev.chorus.loss;

import static dev.chorus.loss.RowDifferences.EIGHT_DIGITS;
import static dev.chorus.loss.RowDifferences.TEN_DIGITS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.kernels.HeadTarget;
import dev.chorus.loss.EvidentialRowLoss.Terms;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SoftTokenTargetTest {
    private static final double[] Z = {2, 1, 0, -1};
    private static final double[] T = {.33751789, .6, .04567808, .01680403};
    private static final SoftTokenTarget TARGET = new SoftTokenTarget(1, .6);

    @Test
    void goldenOfTheTarget() {
        assertThat(SoftmaxRows.softmax(Z))
                .containsExactly(new double[] {.64391426, .23688282, .08714432, .03205860}, within(EIGHT_DIGITS));
        assertThat(TARGET.of(Z)).containsExactly(T, within(EIGHT_DIGITS));
    }

    @Test
    void goldenOfTheKl() {
        RowLosses kl = TARGET.kl(Z);
        assertThat(kl.losses()[0]).isCloseTo(.2992396237, within(TEN_DIGITS));
        assertThat(SoftTokenTarget.closedKl(.6, SoftmaxRows.softmax(Z)[1])).isCloseTo(.2992396237, within(TEN_DIGITS));
        assertThat(kl.gradients()[0])
                .containsExactly(new double[] {.30639637, -.36311718, .04146624, .01525458}, within(EIGHT_DIGITS));
    }

    @Test
    void goldenOfTheEvidentialLoss() {
        Terms terms = new EvidentialRowLoss(Evidence.EXP, 1).terms(Z, TARGET.of(Z));
        assertThat(terms.nll()).isCloseTo(1.1964809000, within(TEN_DIGITS));
        assertThat(terms.kl()).isCloseTo(1.2516677159, within(TEN_DIGITS));
        assertThat(terms.dnll())
                .containsExactly(new double[] {.18019195, -.26298128, .04178041, .01925287}, within(EIGHT_DIGITS));
        // The authors' code lets the gradient through the target.
        double[] added = TARGET.through(Z, terms.dnllLabel());
        double[] undetached = new double[4];
        Arrays.setAll(undetached, v -> terms.dnll()[v] + added[v]);
        assertThat(undetached)
                .containsExactly(new double[] {.09921360, -.26298128, .09631354, .04569809}, within(EIGHT_DIGITS));
    }

    /** For the KL divergence it makes no difference whether the target is held constant. */
    @Test
    void gradientsThroughTheTarget() {
        double[] z = Differences.logits(new Random(2), 1, 6)[0];
        for (boolean uniform : new boolean[] {false, true}) {
            SoftTokenTarget target = new SoftTokenTarget(3, .35, uniform);
            RowDifferences.assertGradient(
                    target.kl(z).gradients()[0], z, at -> target.kl(at).losses()[0]);

            EvidentialRowLoss loss = new EvidentialRowLoss(Evidence.EXP, 1);
            Terms terms = loss.terms(z, target.of(z));
            double[] dnll = added(terms.dnll(), target.through(z, terms.dnllLabel()));
            RowDifferences.assertGradient(
                    dnll, z, at -> loss.terms(at, target.of(at)).nll());
            double[] dkl = added(terms.dkl(), target.through(z, terms.dklLabel()));
            RowDifferences.assertGradient(
                    dkl, z, at -> loss.terms(at, target.of(at)).kl());
        }
    }

    private static double[] added(double[] a, double[] b) {
        double[] sum = new double[a.length];
        Arrays.setAll(sum, k -> a[k] + b[k]);
        return sum;
    }

    @Test
    void uniformRest() {
        assertThat(new SoftTokenTarget(2, .7, true).of(Z))
                .containsExactly(new double[] {.1, .1, .7, .1}, within(1e-15));
        // A student that is certain has no shape left.
        assertThat(new SoftTokenTarget(0, .7).of(new double[] {30, 0, 1, 2}))
                .containsExactly(new double[] {.7, .1, .1, .1}, within(1e-15));
        assertThat(new SoftTokenTarget(0, 1).of(Z)).containsExactly(1, 0, 0, 0);
        assertThat(SoftTokenTarget.closedKl(1, .25)).isCloseTo(Math.log(4), within(1e-15));
        assertThat(SoftTokenTarget.closedKl(0, .25)).isCloseTo(Math.log(4.0 / 3), within(1e-15));
    }

    @Test
    void goldenOfSelfTraining() {
        double[] t = {.50313842, .45, .03425856, .01260302};
        // c of .25 at the end of the ramp.
        double[] mixed = SelfTraining.evidential(false).mix(TARGET.of(Z), Z, 1);
        assertThat(mixed).containsExactly(t, within(EIGHT_DIGITS));
        assertThat(new EvidentialRowLoss(Evidence.EXP, 1).terms(Z, mixed).nll())
                .isCloseTo(1.0504386385, within(TEN_DIGITS));
    }

    /** Below its threshold the original's factor is the fraction itself, then it leaps. */
    @Test
    void ramps() {
        assertThat(SelfTraining.evidential(true).ramp().at(.2)).isCloseTo(.05, within(1e-15));
        assertThat(SelfTraining.evidential(true).ramp().at(.25)).isCloseTo(.0625, within(1e-15));
        assertThat(SelfTraining.evidential(true).ramp().at(.26)).isEqualTo(.25);
        assertThat(SelfTraining.soft(false).ramp().at(.125)).isCloseTo(.25, within(1e-15));
        assertThat(SelfTraining.logconf(false).ramp().at(.5)).isEqualTo(.5);
        assertThat(Ramp.linear(.5, 0).at(0)).isEqualTo(.5);
    }

    /** Naming two tokens says the same as the whole vocabulary laid out. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void sparseTargetEqualsTheDenseOne(int label) {
        double[] p = SoftmaxRows.softmax(Z);
        for (double fraction : new double[] {0, .1, 1}) {
            double[] dense = SelfTraining.soft(false).mix(new SoftTokenTarget(label, .3).of(Z), Z, fraction);
            SparseTokenTarget sparse = SelfTraining.soft(false).mix(label, .3, p[label], 0, p[0], fraction);
            double named = 0;
            double ofStudent = 0;
            for (int j = 0; j < sparse.ids().length; j++) {
                assertThat(sparse.probabilities()[j]).isCloseTo(dense[sparse.ids()[j]], within(1e-15));
                named += sparse.probabilities()[j];
                ofStudent += p[sparse.ids()[j]];
            }
            for (int v = 0; v < Z.length; v++) {
                int id = v;
                if (Arrays.stream(sparse.ids()).noneMatch(other -> other == id)) {
                    assertThat(p[v] * (1 - named) / (1 - ofStudent)).isCloseTo(dense[v], within(1e-15));
                }
            }
        }
        assertThat(SelfTraining.confers(.3, p[0])).isTrue();
        assertThat(SelfTraining.confers(.7, p[0])).isFalse();
    }

    @Test
    void rowsForTheOp() {
        try (Scope scope = new Scope()) {
            HeadTarget.Named named = SparseTokenTarget.named(List.of(
                    SparseTokenTarget.of(5, .25), new SparseTokenTarget(new int[] {3, 9}, new double[] {.5, .125})));
            assertThat(Tensors.toFloats(named.probabilities())).containsExactly(.25f, 0, .5f, .125f);
            assertThat(named.ids().select(0, 0).select(0, 0).item_long()).isEqualTo(5);
            assertThat(named.ids().select(0, 0).select(0, 1).item_long()).isEqualTo(-1);
            assertThat(named.ids().select(0, 1).select(0, 1).item_long()).isEqualTo(9);
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SparseTokenTarget(new int[] {3, 3}, new double[] {.5, .2}))
                .withMessageContaining("different tokens");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SparseTokenTarget(new int[] {3, 4}, new double[] {.9, .2}))
                .withMessageContaining("at most 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SoftTokenTarget(0, 1.2))
                .withMessageContaining("1.2");
    }
}
