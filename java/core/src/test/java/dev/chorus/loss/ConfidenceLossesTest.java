package dev.chorus.loss;

import static dev.chorus.loss.RowDifferences.EIGHT_DIGITS;
import static dev.chorus.loss.RowDifferences.TEN_DIGITS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.math.Quantile;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The losses of openai/weak-to-strong and EleutherAI/w2s on one batch of four rows. */
class ConfidenceLossesTest {
    private static final double[][] LOGITS = {{2, 0}, {0, 1}, {.5, .3}, {-1, 1}};
    private static final double[][] LABELS = {{.9, .1}, {.3, .7}, {.4, .6}, {.8, .2}};

    /** The student's hardened answers at the batch's threshold. */
    private static final double[][] SELF = {{1, 0}, {0, 1}, {1, 0}, {0, 1}};

    private static TrainingPoint at(double fraction) {
        return new TrainingPoint(Math.round(10_000 * fraction), fraction);
    }

    private static TrainingPoint step(long step) {
        return new TrainingPoint(step, step / 1000.0);
    }

    @Test
    void crossEntropyOfTheBatch() {
        try (Scope scope = new Scope()) {
            // f32 logits and labels: some 1e-8 each.
            assertThat(SoftCrossEntropyLoss.of(Tensors.floats(LOGITS, 2), LABELS)
                            .value())
                    .isCloseTo(.8463141447, within(1e-7));
        }
        double[] first = {.88079708, .26894142, .54983400, .11920292};
        for (int n = 0; n < first.length; n++) {
            assertThat(SoftmaxRows.softmax(LOGITS[n])[0]).isCloseTo(first[n], within(EIGHT_DIGITS));
        }
        assertThat(Quantile.of(first, 0.4)).isCloseTo(.3251199366, within(EIGHT_DIGITS));
        assertThat(Quantile.of(
                        new double[] {
                            SoftmaxRows.softmax(LOGITS[0])[0],
                            SoftmaxRows.softmax(LOGITS[1])[0],
                            SoftmaxRows.softmax(LOGITS[2])[0],
                            SoftmaxRows.softmax(LOGITS[3])[0]
                        },
                        0.4))
                .isCloseTo(.3251199366, within(TEN_DIGITS));
    }

    @Test
    void product() {
        assertThat(new ProductLoss().of(LOGITS, LABELS, null).mean()).isCloseTo(.5359354992, within(TEN_DIGITS));
    }

    /** The factor of the original is f itself below the threshold, then 1. */
    @ParameterizedTest
    @CsvSource({"0, .8463141447", ".05, .8324391447", ".1, .8185641447", ".1001, .5688141447"})
    void logconfOfTheOriginal(double fraction, double expected) {
        LogConfLoss loss = new LogConfLoss(Ramp.jump(0.5, 0.1));
        assertThat(loss.of(LOGITS, LABELS, at(fraction)).mean()).isCloseTo(expected, within(TEN_DIGITS));
    }

    @Test
    void logconfRisesLinearly() {
        LogConfLoss loss = new LogConfLoss();
        assertThat(loss.of(LOGITS, LABELS, at(0)).mean()).isCloseTo(.8463141447, within(TEN_DIGITS));
        assertThat(loss.of(LOGITS, LABELS, at(.1)).mean()).isCloseTo(.5688141447, within(TEN_DIGITS));
        assertThat(loss.of(LOGITS, LABELS, at(.05)).mean())
                .isCloseTo((.8463141447 + .5688141447) / 2, within(TEN_DIGITS));
        assertThat(loss.of(LOGITS, LABELS, at(1)).mean()).isCloseTo(.5688141447, within(TEN_DIGITS));
    }

    @Test
    void logconfOfMoreClassesTakesTheLargest() {
        double[][] logits = {{1, 3, 0}};
        double[][] labels = {{1, 0, 0}};
        double[] logp = SoftmaxRows.logSoftmax(logits[0]);
        assertThat(new LogConfLoss().of(logits, labels, at(1)).mean())
                .isCloseTo(-0.5 * logp[0] - 0.5 * logp[1], within(1e-15));
    }

    @Test
    void logconfRefusesASingleRow() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LogConfLoss().of(new double[][] {{1, 0}}, new double[][] {{1, 0}}, at(1)))
                .withMessageContaining("got 1")
                .withMessageContaining("buffer");
    }

    @ParameterizedTest
    @CsvSource({"0, false, .8463141447", "50, false, .7075641447", "200, false, .5688141447", "200, true, .5478460966"})
    void bufferedLogconf(long step, boolean balance, double expected) {
        RowLosses rows =
                new BufferedLogConfLoss(balance).ofInPlace(LOGITS, LABELS, step(step), new ProbabilityBuffer(4));
        assertThat(rows.mean()).isCloseTo(expected, within(TEN_DIGITS));
    }

    /** Micro-batches of one row: the buffer is what the threshold comes from, at the middle. */
    @Test
    void bufferKeepsAnEffectiveBatch() {
        ProbabilityBuffer buffer = new ProbabilityBuffer(3);
        BufferedLogConfLoss loss = new BufferedLogConfLoss(1, 0, false);
        for (int n = 0; n < 4; n++) {
            double[][] logits = {LOGITS[n]};
            double[] logp = SoftmaxRows.logSoftmax(LOGITS[n]);
            RowLosses row = loss.ofInPlace(logits, new double[][] {LABELS[n]}, step(1), buffer);
            // Medians of (.88), (.27, .88), (.27, .55, .88), (.12, .27, .55).
            int self = n == 0 || n == 2 ? 0 : 1;
            assertThat(row.losses()[0]).as("row %d", n).isCloseTo(-logp[self], within(1e-15));
        }
        assertThat(buffer.values())
                .containsExactly(new double[] {.26894142, .54983400, .11920292}, within(EIGHT_DIGITS));
        assertThat(new ProbabilityBuffer(2, buffer.values()).values())
                .containsExactly(new double[] {.54983400, .11920292}, within(EIGHT_DIGITS));
    }

    @Test
    void entropy() {
        EntropyConfidenceLoss loss = new EntropyConfidenceLoss();
        assertThat(loss.of(LOGITS, LABELS, step(200)).mean()).isCloseTo(.6732874335, within(TEN_DIGITS));
        assertThat(loss.of(LOGITS, LABELS, step(50)).mean())
                .isCloseTo((.8463141447 + .6732874335) / 2, within(TEN_DIGITS));
    }

    @ParameterizedTest
    @CsvSource({".15, .1795347173", ".3, .3328501392", ".51, .8463141447"})
    void window(double radius, double expected) {
        assertThat(new ConfidenceWindowLoss(radius).of(LOGITS, LABELS, null).mean())
                .isCloseTo(expected, within(TEN_DIGITS));
    }

    @Test
    void midweakIsTheLowerMedian() {
        assertThat(ConfidenceWindowLoss.midweak(LABELS)).isCloseTo(.2, within(1e-15));
    }

    @Test
    void kl() {
        assertThat(new KlLoss().of(LOGITS, LABELS, null).mean()).isCloseTo(.3189738032, within(TEN_DIGITS));
        // A label of 0 adds nothing.
        assertThat(new KlLoss()
                        .of(LOGITS, new double[][] {{1, 0}, {0, 1}, {1, 0}, {1, 0}}, null)
                        .losses()[0])
                .isCloseTo(-SoftmaxRows.logSoftmax(LOGITS[0])[0], within(1e-15));
    }

    @Test
    void reverseKlIsTheOtherDirection() {
        RowLosses rows = new ReverseKlLoss(1e-9, false).of(LOGITS, LABELS, null);
        RowLosses cross = new ReverseKlLoss(1e-9, true).of(LOGITS, LABELS, null);
        for (int n = 0; n < LOGITS.length; n++) {
            double[] p = SoftmaxRows.softmax(LOGITS[n]);
            double kl = p[0] * Math.log(p[0] / LABELS[n][0]) + p[1] * Math.log(p[1] / LABELS[n][1]);
            assertThat(rows.losses()[n]).isCloseTo(kl, within(1e-14));
            assertThat(cross.losses()[n])
                    .isCloseTo(-p[0] * Math.log(LABELS[n][0]) - p[1] * Math.log(LABELS[n][1]), within(1e-14));
        }
        // The floor is what an excluded class costs.
        assertThat(new ReverseKlLoss(1e-4, true)
                        .of(new double[][] {{-50, 50}}, new double[][] {{1, 0}}, null)
                        .mean())
                .isCloseTo(-Math.log(1e-4), within(1e-12));
    }

    /** Central differences of each row's loss, targets and thresholds recomputed without them moving. */
    @Test
    void gradients() {
        Random random = new Random(17);
        double[][] logits = Differences.logits(random, 3, 4);
        double[][] labels = Differences.simplex(random, 3, 4);
        for (SoftLabelLoss loss : new SoftLabelLoss[] {
            new KlLoss(),
            new ReverseKlLoss(1e-4, false),
            new ReverseKlLoss(1e-4, true),
            new ConfidenceWindowLoss(1),
            new DirichletPriorLoss()
        }) {
            RowLosses rows = loss.of(logits, labels, null);
            for (int n = 0; n < logits.length; n++) {
                int row = n;
                RowDifferences.assertGradient(rows.gradients()[n], logits[n], z -> loss.of(logits, labels, null)
                        .losses()[row]);
            }
        }
    }

    /** Losses with a detached target: the gradient is p - t of the target that the value used. */
    @ParameterizedTest
    @ValueSource(doubles = {0, .05, 1})
    void gradientsOfDetachedTargets(double fraction) {
        double c = 0.5 * Math.min(1, fraction / 0.1);
        RowLosses rows = new LogConfLoss().of(LOGITS, LABELS, at(fraction));
        RowLosses entropy = new EntropyConfidenceLoss(0.5, 0).of(LOGITS, LABELS, at(fraction));
        RowLosses product = new ProductLoss(2, 0.5).of(LOGITS, LABELS, at(fraction));
        for (int n = 0; n < LOGITS.length; n++) {
            double[] p = SoftmaxRows.softmax(LOGITS[n]);
            double[] t = new double[2];
            double sum = 0;
            for (int k = 0; k < 2; k++) {
                t[k] = p[k] * p[k] * Math.sqrt(LABELS[n][k]);
                sum += t[k];
            }
            for (int k = 0; k < 2; k++) {
                assertThat(rows.gradients()[n][k])
                        .isCloseTo(p[k] - (1 - c) * LABELS[n][k] - c * SELF[n][k], within(1e-15));
                assertThat(entropy.gradients()[n][k]).isCloseTo(0.5 * (p[k] - LABELS[n][k]), within(1e-15));
                assertThat(product.gradients()[n][k]).isCloseTo(p[k] - t[k] / sum, within(1e-15));
            }
        }
    }

    @Test
    void tensorsGiveTheMean() {
        try (Scope scope = new Scope()) {
            LossValue value = new KlLoss().of(Tensors.floats(LOGITS, 2), LABELS, null, 4, at(0));
            RowLosses rows = new KlLoss().of(LOGITS, LABELS, at(0));
            // .3 is not a float: 1e-8 of it.
            assertThat(value.value()).isCloseTo(rows.mean(), within(1e-7));
            double[][] gradient = Tensors.toRows(value.gradient());
            for (int n = 0; n < 4; n++) {
                for (int k = 0; k < 2; k++) {
                    assertThat(gradient[n][k]).isCloseTo(rows.gradients()[n][k] / 4, within(1e-7));
                }
            }
            // Weight 0 equals removed, and a micro-batch is a part of a larger mean.
            LossValue weighted = rows.toLossValue(new float[] {0, 2, 0, 1}, 6, 2);
            assertThat(weighted.sum()).isCloseTo(2 * rows.losses()[1] + rows.losses()[3], within(1e-15));
            assertThat(weighted.count()).isEqualTo(3);
            assertThat(Tensors.toRows(weighted.gradient())[0]).containsOnly(0);
            assertThat(Tensors.toRows(weighted.gradient())[1][0]).isCloseTo(rows.gradients()[1][0] / 3, within(1e-7));
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new KlLoss().of(LOGITS, LABELS, at(0)).toLossValue(new float[3], 1, 2))
                .withMessageContaining("4 weights and a total above 0, got 3 weights");
    }

    @Test
    void productWithoutCommonMassIsTheLabel() {
        double[][] logits = {{-2000, 0}};
        double[][] labels = {{1, 0}};
        RowLosses rows = new ProductLoss().of(logits, labels, null);
        assertThat(rows.gradients()[0]).containsExactly(-1, 1);
    }

    @Test
    void badInputIsNamed() {
        double[][] two = {{1, 0}, {0, 1}};
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new KlLoss().of(new double[][] {{1, Double.NaN}, {0, 1}}, two, null))
                .withMessage("KL loss: expected finite logits, got NaN in row 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new KlLoss().of(LOGITS, two, null))
                .withMessageContaining("4 rows, got 2");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new KlLoss().of(two, new double[][] {{1, 0}, {.5, .2}}, null))
                .withMessageContaining("sums to 1, got 0.7 in row 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new BufferedLogConfLoss(false)
                        .ofInPlace(
                                new double[][] {{1, 0, 2}},
                                new double[][] {{1, 0, 0}},
                                at(0),
                                new ProbabilityBuffer(1)))
                .withMessageContaining("2 classes, got 3");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Ramp.linear(1.5, 0))
                .withMessageContaining("1.5");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TrainingPoint(3, 2))
                .withMessageContaining("got 3 and 2.0");
    }
}
