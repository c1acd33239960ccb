package dev.chorus.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CorrectnessProbeTest {
    private static final int FEATURES = 20;

    private static double[][] features(Random random, int rows) {
        double[][] features = new double[rows][FEATURES];
        for (double[] row : features) {
            for (int d = 0; d < FEATURES; d++) {
                row[d] = d == FEATURES - 1 ? 7 : 100 * random.nextGaussian() + 3;
            }
        }
        return features;
    }

    /** Right with a probability that one of twenty features tells. */
    private static double[] right(Random random, double[][] features) {
        double[] right = new double[features.length];
        for (int n = 0; n < right.length; n++) {
            right[n] = random.nextDouble() < 1 / (1 + Math.exp(-features[n][3] / 40)) ? 1 : 0;
        }
        return right;
    }

    @Test
    void itFindsWhatTellsRightFromWrong() {
        Random random = new Random(1);
        double[][] taught = features(random, 300);
        CorrectnessProbe probe = CorrectnessProbe.fit(taught, right(random, taught));
        double[][] asked = features(random, 2000);
        double[] right = right(random, asked);
        double[] said = probe.predict(asked);
        double hits = 0;
        double mean = 0;
        double truth = 0;
        for (int n = 0; n < said.length; n++) {
            hits += (said[n] >= 0.5) == (right[n] == 1) ? 1 : 0;
            mean += said[n] / said.length;
            truth += right[n] / said.length;
        }
        // The best that can be reached is about 0.82.
        assertThat(hits / said.length).isGreaterThan(0.76);
        assertThat(mean).isCloseTo(truth, within(0.05));
    }

    @Test
    void noiseIsPenalisedUntilOnlyTheShareIsLeft() {
        Random random = new Random(2);
        double[][] taught = features(random, 400);
        double[] right = new double[400];
        for (int n = 0; n < right.length; n++) {
            right[n] = random.nextInt(4) == 0 ? 0 : 1;
        }
        CorrectnessProbe probe = CorrectnessProbe.fit(taught, right);
        assertThat(probe.penalty()).isGreaterThanOrEqualTo(0.1);
        double share = Arrays.stream(right).average().orElseThrow();
        assertThat(Arrays.stream(probe.predict(features(random, 200))).boxed().toList())
                .allSatisfy(p -> assertThat(p).isCloseTo(share, within(0.15)));
    }

    @Test
    void oneItemAndOneKindOfAnswerAreEnough() {
        CorrectnessProbe one = CorrectnessProbe.fit(new double[][] {{1, 2}}, new double[] {1});
        assertThat(one.predict(new double[][] {{5, 5}})[0]).isBetween(0.5, 1.0);
        CorrectnessProbe wrong = CorrectnessProbe.fit(new double[][] {{1}, {2}, {3}}, new double[] {0, 0, 0});
        assertThat(wrong.predict(new double[][] {{2}})[0]).isBetween(0.0, 0.5);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CorrectnessProbe.fit(new double[0][], new double[0]))
                .withMessageStartingWith("correctness probe: expected at least one point");
    }
}
