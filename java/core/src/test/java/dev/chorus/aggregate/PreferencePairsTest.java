package dev.chorus.aggregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class PreferencePairsTest {

    private static final List<String> TEXTS = List.of("a", "b", "c");
    private static final double[][] SCORES = {{-.3, -.5, -.2}, {-.25, -.4, -.6}, {-.9, -.1, -.2}};
    private static final double[] OMEGA = {.5, .2, .3};

    /** A handful of roundings of numbers below 1. */
    private static final double EXACT = 1e-15;

    @Test
    void takesTheBestAndTheWorst() {
        // Weighted scores -.31, -.385, -.53.
        PreferencePairs.Pair pair = PreferencePairs.choose(TEXTS, SCORES, OMEGA).orElseThrow();
        assertThat(pair.chosen()).isZero();
        assertThat(pair.rejected()).isEqualTo(2);
        assertThat(pair.margin()).isCloseTo(.22, within(EXACT));
    }

    @Test
    void theFirstWinsATie() {
        double[][] scores = {{-2}, {-1}, {-1}, {-2}};
        assertThat(PreferencePairs.choose(List.of("a", "b", "c", "d"), scores, new double[] {1}))
                .contains(new PreferencePairs.Pair(1, 0, 1));
    }

    @Test
    void dropsListsThatTeachNothing() {
        double[] one = {1};
        assertThat(PreferencePairs.choose(List.of("a"), new double[][] {{-1}}, one))
                .isEmpty();
        assertThat(PreferencePairs.choose(List.of("a", "a"), new double[][] {{-1}, {-2}}, one))
                .isEmpty();
        assertThat(PreferencePairs.choose(List.of("a", "b"), new double[][] {{-1}, {-1}}, one))
                .isEmpty();
    }

    @Test
    void refusesWhatIsOutOfRange() {
        assertThatThrownBy(() -> PreferencePairs.choose(List.of(), new double[0][], OMEGA))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("preference pairs: expected scores of at least one hypothesis, one row a text, got 0 rows"
                        + " for 0 texts");
        assertThatThrownBy(() -> PreferencePairs.choose(List.of("a"), SCORES, OMEGA))
                .hasMessageContaining("got 3 rows for 1 texts");
        assertThatThrownBy(() -> PreferencePairs.choose(List.of("a"), new double[][] {{-1}}, OMEGA))
                .hasMessage("preference pairs: expected 3 scores, one a weak model, got 1 for hypothesis 0");
        assertThatThrownBy(() -> PreferencePairs.choose(List.of("a"), new double[][] {{Double.NaN}}, new double[] {1}))
                .hasMessage("preference pairs: expected finite scores, got NaN for hypothesis 0 under weak model 0");
        assertThatThrownBy(() -> PreferencePairs.choose(TEXTS, SCORES, new double[] {.5, .5, .5}))
                .hasMessage("preference pairs: expected weights that sum to 1, got [0.5, 0.5, 0.5], which sum to 1.5");
    }
}
