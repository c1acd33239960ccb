package dev.chorus.supervise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.labels.ClassAggregate;
import dev.chorus.labels.ClassLabels;
import dev.chorus.labels.ItemWeights;
import dev.chorus.labels.Judgement;
import dev.chorus.supervise.Weighting.By;
import java.util.List;
import org.junit.jupiter.api.Test;

class WeightingTest {
    private static final double EIGHT_DIGITS = 5e-9 + 1e-14;
    private static final double[][] WEAK = {{.9, .05, .05}, {.6, .3, .1}, {.2, .7, .1}};

    /** 90, 60 and 45 right of 100 with three classes. */
    private static final Judgement JUDGED =
            new Judgement("gold", 100, new double[] {91 / 103.0, 61 / 103.0, 46 / 103.0}, 0, 3);

    private static Weighting by(By by) {
        return new Weighting(by, null, 2);
    }

    private static ClassSet set(double[] third) {
        List<ClassLabels> labels = List.of(labels(WEAK[0]), labels(WEAK[1]), labels(third));
        return new ClassSet(
                List.of(new int[] {1}),
                3,
                labels,
                new ClassAggregate(0, null, null, null, JUDGED),
                new int[1],
                ItemWeights.even(1));
    }

    private static ClassLabels labels(double[] row) {
        return new ClassLabels("some", List.of("1"), new double[][] {row}, 0);
    }

    @Test
    void goldenOfWeightsFromGold() {
        double[] all = {-1, -1, -1};
        assertThat(by(By.ACCURACY_POWER).of(JUDGED, 3, all))
                .containsExactly(new double[] {.58655617, .26356424, .14987959}, within(EIGHT_DIGITS));
        double sum = 2.71910004 + 1.06635143 + .47873731;
        assertThat(by(By.LOG_ODDS).of(JUDGED, 3, all))
                .containsExactly(
                        new double[] {2.71910004 / sum, 1.06635143 / sum, .47873731 / sum}, within(EIGHT_DIGITS));
        assertThat(ClassWeights.mean(set(WEAK[2]), by(By.ACCURACY_POWER))[0])
                .containsExactly(new double[] {.71601502, .21331279, .07067219}, within(EIGHT_DIGITS));
    }

    @Test
    void whatIsMissingIsSharedOut() {
        double[] mean = ClassWeights.mean(set(null), new Weighting(By.FIXED, List.of(.25, .25, .5), 2))[0];
        assertThat(mean).containsExactly(new double[] {.75, .175, .075}, within(1e-12));
        assertThat(by(By.DYNAMIC).of(null, 3, new double[] {Double.NaN, -1, -1 - Math.log(3)}))
                .containsExactly(new double[] {0, .75, .25}, within(1e-12));
        // Nobody answered, or nobody that counts.
        assertThat(by(By.DYNAMIC).of(null, 3, new double[] {Double.NaN, Double.NaN}))
                .containsOnly(0);
        assertThat(new Weighting(By.FIXED, List.of(1.0, 0.0), 2).of(null, 3, new double[] {Double.NaN, -1}))
                .containsOnly(0);
    }

    @Test
    void whereNobodyWasRightAllCountAlike() {
        Judgement never = new Judgement("devel", 10, new double[] {0, 0}, Double.NaN, Double.NaN);
        assertThat(by(By.ACCURACY_POWER).of(never, 0, new double[] {-1, -2})).containsExactly(.5, .5);
    }
}
