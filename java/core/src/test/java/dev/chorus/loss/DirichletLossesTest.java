package dev.chorus.loss;

import static dev.chorus.loss.RowDifferences.TEN_DIGITS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.kernels.EvidentialLoss.Evidence;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The Dirichlet prior loss and the losses of label counts. */
class DirichletLossesTest {
    /** alpha of 4, 2, 1 by ReLU evidence. */
    private static final double[][] LOGITS = {{3, 1, 0}};

    private static final double[][] COUNTS = {{3, 1, 1}};

    @Test
    void goldenOfThePriorLoss() {
        double[] z = {1, 0, -1};
        double[] y = {.8, .1, .1};
        double density = DirichletPriorLoss.logDensity(z, y);
        assertThat(density).isCloseTo(1.6407676882, within(TEN_DIGITS));
        double loss = new DirichletPriorLoss()
                .of(new double[][] {z}, new double[][] {y}, null)
                .mean();
        assertThat(loss).isCloseTo(.0521664279, within(TEN_DIGITS));
        assertThat(loss + 0.01 * density).isCloseTo(.0685741048, within(TEN_DIGITS));
    }

    /** A label on the edge of the simplex has no density; it is moved inwards, and stays a distribution. */
    @Test
    void hardLabelsAreMovedInwards() {
        double floor = 1e-3;
        double[][] z = {{1, 0, -1}};
        double moved = new DirichletPriorLoss(floor)
                .of(z, new double[][] {{1, 0, 0}}, null)
                .mean();
        double inside = new DirichletPriorLoss(1e-6)
                .of(z, new double[][] {{1 - 2 * floor, floor, floor}}, null)
                .mean();
        assertThat(moved).isCloseTo(inside, within(1e-12));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DirichletPriorLoss(.4).of(z, new double[][] {{1, 0, 0}}, null))
                .withMessageContaining("below 1 / 3");
        // Logits far out stay finite.
        RowLosses far =
                new DirichletPriorLoss().of(new double[][] {{900, -900, 0}}, new double[][] {{.2, .7, .1}}, null);
        assertThat(far.mean()).isFinite();
        for (double g : far.gradients()[0]) {
            assertThat(g).isFinite();
        }
    }

    @Test
    void goldenOfLabelCounts() {
        assertThat(loss(false, 0, 0)).isCloseTo(4.8775204814, within(TEN_DIGITS));
        assertThat(loss(true, 0, 0)).isCloseTo(5.4424177105, within(TEN_DIGITS));
        assertThat(loss(false, 1, 0) - loss(false, 0, 0)).isCloseTo(.3279529898, within(TEN_DIGITS));
        assertThat(loss(false, 0, 1) - loss(false, 0, 0)).isCloseTo(.0252335570, within(TEN_DIGITS));
    }

    private static double loss(boolean joint, double r1, double r2) {
        return new LabelCountLoss(Evidence.RELU, joint, r1, r2)
                .of(LOGITS, COUNTS, 1)
                .mean();
    }

    @ParameterizedTest
    @EnumSource(Evidence.class)
    void gradientsOfLabelCounts(Evidence evidence) {
        Random random = new Random(6);
        double[][] logits = Differences.logits(random, 1, 4);
        double[][] counts = {{2, 0, 5, 1}};
        for (boolean joint : new boolean[] {false, true}) {
            LabelCountLoss loss = new LabelCountLoss(evidence, joint, 0.7, 0.4);
            RowDifferences.assertGradient(
                    loss.of(logits, counts, 0.5).gradients()[0], logits[0], z -> loss.of(logits, counts, 0.5)
                            .losses()[0]);
        }
    }

    @Test
    void itemWithoutVotesTeachesNothing() {
        RowLosses rows = new LabelCountLoss(Evidence.EXP, true, 1, 1).of(LOGITS, new double[][] {{0, 0, 0}}, 1);
        assertThat(rows.losses()).containsExactly(0);
        assertThat(rows.gradients()[0]).containsOnly(0);
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> new LabelCountLoss(Evidence.EXP, true, 1, 1).of(LOGITS, new double[][] {{0, -1, 0}}, 1))
                .withMessageContaining("-1.0 in row 0");
    }
}
