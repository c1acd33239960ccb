package dev.chorus.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.torch.Scope;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConservativeDpoLossTest {
    /** Log-probabilities of a few nats rounded to f32 (2.4e-7 each) times beta 5 times a slope below 1. */
    private static final double F32_INPUTS = 2e-6;

    private static final double STEP = 1e-5;

    @Test
    void golden() {
        try (Scope scope = new Scope()) {
            ConservativeDpoLoss.Value value = new ConservativeDpoLoss(5, 0.1)
                    .of(new float[] {-3.0f}, new float[] {-4.0f}, new float[] {-3.2f}, new float[] {-3.9f});
            assertThat(value.value()).isCloseTo(.3514132780, within(F32_INPUTS));
            assertThat((double) value.dchosen()[0]).isCloseTo(-.4121276190, within(F32_INPUTS));
            assertThat((double) value.drejected()[0]).isCloseTo(.4121276190, within(F32_INPUTS));
            assertThat(value.accuracy()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @CsvSource({"0.1, 0", "0.5, 0.1", "5, 0.25"})
    void equalsPlainComputation(double beta, double epsilon) {
        Random random = new Random(41);
        float[][] logps = new float[4][5];
        for (float[] row : logps) {
            for (int i = 0; i < row.length; i++) {
                // Quarters are exact in f32, sums and differences too.
                row[i] = -random.nextInt(24) / 4f;
            }
        }
        try (Scope scope = new Scope()) {
            ConservativeDpoLoss.Value value =
                    new ConservativeDpoLoss(beta, epsilon).of(logps[0], logps[1], logps[2], logps[3]);
            double sum = 0;
            int right = 0;
            for (int i = 0; i < 5; i++) {
                double delta = ((double) logps[0][i] - logps[2][i]) - ((double) logps[1][i] - logps[3][i]);
                right += delta > 0 ? 1 : 0;
                sum += plain(beta, epsilon, delta);
                double slope =
                        (plain(beta, epsilon, delta + STEP) - plain(beta, epsilon, delta - STEP)) / (2 * STEP) / 5;
                assertThat((double) value.dchosen()[i]).isCloseTo(slope, within(F32_INPUTS));
                assertThat((double) value.drejected()[i]).isCloseTo(-slope, within(F32_INPUTS));
            }
            assertThat(value.value()).isCloseTo(sum / 5, within(F32_INPUTS * Math.max(1, sum / 5)));
            assertThat(value.accuracy()).isEqualTo(right / 5.0);
        }
    }

    /** Where policy and reference agree, the loss is ln 2 whatever the pair. */
    @Test
    void startsAtLn2() {
        try (Scope scope = new Scope()) {
            float[] logps = {-40, -3};
            float[] other = {-7, -80};
            ConservativeDpoLoss.Value value = new ConservativeDpoLoss(0.5, 0.1).of(logps, other, logps, other);
            assertThat(value.value()).isCloseTo(Math.log(2), within(F32_INPUTS));
            assertThat(value.accuracy()).isZero();
        }
    }

    @Test
    void refusesWhatIsOutOfRange() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ConservativeDpoLoss(0, 0.1))
                .withMessageContaining("beta 0.0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ConservativeDpoLoss(1, 0.5))
                .withMessageContaining("epsilon 0.5");
        assertThatIllegalArgumentException().isThrownBy(() -> new ConservativeDpoLoss(Double.NaN, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new ConservativeDpoLoss(1, -0.1));
    }

    private static double plain(double beta, double epsilon, double delta) {
        double x = beta * delta;
        return Math.max(-x, 0) + Math.log1p(Math.exp(-Math.abs(x))) + epsilon * x;
    }
}
