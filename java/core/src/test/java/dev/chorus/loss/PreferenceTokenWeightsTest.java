package dev.chorus.loss;

import static dev.chorus.loss.RowDifferences.TEN_DIGITS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.kernels.PreferenceLoss;
import dev.chorus.kernels.PreferenceSpec;
import dev.chorus.kernels.PreferenceSpec.Kind;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreferenceTokenWeightsTest {
    private static final double[] CHOSEN = {-1, -2, -3, -4};
    private static final double[] REJECTED = {-1.5, -2.5};
    private static final double[] REF_CHOSEN = {-1.2, -2.1, -2.9, -4.2};
    private static final double[] REF_REJECTED = {-1.4, -2.4};

    @ParameterizedTest
    @CsvSource({"1, .6", ".5, .55", "0, .5"})
    void lengthDesensitisedGolden(double alpha, double expected) {
        double[] chosen = PreferenceTokenWeights.lengthDesensitised(4, 2, alpha);
        double[] rejected = PreferenceTokenWeights.lengthDesensitised(2, 4, alpha);
        assertThat(chosen).containsExactly(1, 1, alpha, alpha);
        assertThat(rejected).containsExactly(1, 1);
        double delta = 0;
        for (int t = 0; t < 4; t++) {
            delta += chosen[t] * (CHOSEN[t] - REF_CHOSEN[t]);
        }
        for (int t = 0; t < 2; t++) {
            delta -= rejected[t] * (REJECTED[t] - REF_REJECTED[t]);
        }
        assertThat(delta).isCloseTo(expected, within(1e-14));
        // The kernel takes them as weights of tokens.
        try (Scope scope = new Scope()) {
            float[] policy = {-1, -2, -3, -4, -1.5f, -2.5f};
            float[] ref = {-1.2f, -2.1f, -2.9f, -4.2f, -1.4f, -2.4f};
            float[] weights = {1, 1, (float) alpha, (float) alpha, 1, 1};
            PreferenceLoss.Result result = PreferenceLoss.compute(
                    PreferenceSpec.of(Kind.SIGMOID, 1),
                    new PreferenceLoss.Tokens(
                            Tensors.floats(policy, 6),
                            Tensors.floats(ref, 6),
                            null,
                            null,
                            Tensors.longs(new long[] {0, 4, 6}, 3),
                            Tensors.floats(weights, 6),
                            null,
                            null),
                    null);
            // Six log-probabilities rounded to f32.
            assertThat(result.marginSum()).isCloseTo(expected, within(2e-6));
        }
    }

    @Test
    void wpoGolden() {
        double[][] logits = {{1, 0, -1}, {0, 2, 0}};
        int[] ids = {0, 1};
        double[] logps = new double[2];
        double[] collisions = new double[2];
        for (int t = 0; t < 2; t++) {
            logps[t] = SoftmaxRows.logSoftmax(logits[t])[ids[t]];
            collisions[t] = PreferenceTokenWeights.logCollision(logits[t]);
            double sum = 0;
            for (double p : SoftmaxRows.softmax(logits[t])) {
                sum += p * p;
            }
            assertThat(collisions[t]).isCloseTo(Math.log(sum), within(1e-15));
        }
        assertThat(PreferenceTokenWeights.wpo(logps, collisions)).isCloseTo(1.2637979095, within(TEN_DIGITS));
    }

    /** Conservative DPO is stationary at a finite margin. */
    @Test
    void finiteMarginOfConservativeDpo() {
        double epsilon = .1;
        double margin = Math.log((1 - epsilon) / epsilon);
        assertThat(margin).isCloseTo(2.1972245773, within(TEN_DIGITS));
        try (Scope scope = new Scope()) {
            ConservativeDpoLoss.Value value = new ConservativeDpoLoss(1, epsilon)
                    .of(new float[] {(float) margin}, new float[] {0}, new float[] {0}, new float[] {0});
            // The margin in f32 is off by 1e-7, times a curvature of .09.
            assertThat((double) value.dchosen()[0]).isCloseTo(0, within(2e-8));
        }
    }

    @Test
    void ktoIsTheMeanOfBothSides() {
        double[] chosen = {.4, -1};
        double[] rejected = {-.3, .8};
        KtoLoss loss = new KtoLoss(.5);
        KtoLoss.Value value = loss.of(chosen, rejected, .2);
        assertThat(value.losses()[0])
                .isCloseTo(.5 * (1 - 1 / (1 + Math.exp(-.1))) + .5 * (1 - 1 / (1 + Math.exp(-.25))), within(1e-15));
        for (int p = 0; p < 2; p++) {
            int pair = p;
            double[] dchosen = {value.dchosen()[p]};
            RowDifferences.assertGradient(
                    dchosen, new double[] {chosen[p]}, c -> loss.of(c, new double[] {rejected[pair]}, .2)
                            .losses()[0]);
            double[] drejected = {value.drejected()[p]};
            RowDifferences.assertGradient(
                    drejected, new double[] {rejected[p]}, r -> loss.of(new double[] {chosen[pair]}, r, .2)
                            .losses()[0]);
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> loss.of(chosen, rejected, -1))
                .withMessageContaining("-1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PreferenceTokenWeights.lengthDesensitised(3, 2, 1.5))
                .withMessageContaining("1.5");
    }
}
