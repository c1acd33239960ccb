package dev.chorus.supervise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.supervise.JointChoice.Candidate;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class JointChoiceTest {
    @Test
    void golden() {
        double[][] scores = {{-.3, -.5, -.2}, {-.25, -.4, -.6}, {-.9, -.1, -.2}};
        JointChoice choice = JointChoice.of(scores, ModelWeights.Preset.JOINT.of(3));
        assertThat(choice.scores()).containsExactly(new double[] {-.31, -.385, -.53}, within(1e-15));
        assertThat(choice.winner()).isZero();
    }

    @Test
    void poolKeepsTheFirstOfEqualTexts() {
        assertThat(JointChoice.pool(List.of(List.of("a", "b"), List.of("b", "c"), List.of("a"))))
                .containsExactly(new Candidate("a", 0, 0), new Candidate("b", 0, 1), new Candidate("c", 1, 1));
    }

    @Test
    void tiesGoToTheFirst() {
        assertThat(JointChoice.of(new double[][] {{-1}, {-.5}, {-.5}}, new double[] {1})
                        .winner())
                .isEqualTo(1);
    }

    /** The geometric mean: one model that excludes a class outweighs two that lean to it. */
    @Test
    void classesByTheGeometricMean() {
        double[] third = ModelWeights.mean(3);
        assertThat(JointChoice.ofClasses(new double[][] {{.6, .4}, {.6, .4}, {0, 1}}, third)
                        .winner())
                .isEqualTo(1);
        assertThat(JointChoice.ofClasses(new double[][] {{.6, .4}, {.6, .4}, null}, third)
                        .winner())
                .isZero();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JointChoice.ofClasses(new double[3][], third))
                .withMessageContaining("at least one model");
    }

    @Test
    void badInput() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JointChoice.of(new double[][] {{-1, -2}}, new double[] {1}))
                .withMessageContaining("1 models, got 2 for candidate 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JointChoice.of(new double[][] {{-1, Double.NaN}}, new double[] {.5, .5}))
                .withMessageContaining("NaN of model 1 for candidate 0");
    }

    @Test
    void disagreementMakesAPair() {
        double[] omega = {.4, .2, .2, .2};
        DisagreementPairs.Pair pair = DisagreementPairs.choose(Arrays.asList("x", "y", "x", null), omega)
                .orElseThrow();
        assertThat(pair.chosen()).isEqualTo("x");
        assertThat(pair.rejected()).isEqualTo("y");
        assertThat(pair.confidence().weight()).isCloseTo(.75, within(1e-15));
        assertThat(pair.confidence().flip()).isCloseTo(.25, within(1e-15));
        assertThat(DisagreementPairs.choose(List.of("x", "x", "x", "x"), omega)).isEmpty();
        assertThat(DisagreementPairs.choose(List.of("x", "y"), new double[] {.5, .5}))
                .isEmpty();
        assertThat(DisagreementPairs.choose(Arrays.asList(null, null), new double[] {.5, .5}))
                .isEmpty();
    }

    @Test
    void confidenceFromScores() {
        double one = 1 / (1 + Math.exp(-.3));
        double two = 1 / (1 + Math.exp(.1));
        assertThat(PairConfidence.ofScores(new double[] {-.2, -.5}, new double[] {-.5, -.4}, new double[] {.25, .75}, 1)
                        .probability())
                .isCloseTo(.25 * one + .75 * two, within(1e-15));
        // A small temperature counts heads.
        assertThat(PairConfidence.ofScores(
                                new double[] {-.2, -.5}, new double[] {-.5, -.4}, new double[] {.25, .75}, 1e-6)
                        .flip())
                .isCloseTo(.75, within(1e-15));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PairConfidence.ofScores(new double[1], new double[1], new double[] {1}, 0))
                .withMessageContaining("temperature above 0");
    }
}
