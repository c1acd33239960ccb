package dev.chorus.aggregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class NBestEntropyTest {

    /** The golden values carry ten decimals. */
    private static final double GOLDEN = 5e-11;

    @Test
    void matchesGoldenValues() {
        double[] logps = {-2, -3, -5};
        assertThat(NBestEntropy.perToken(logps, new int[] {4, 5, 6})).isCloseTo(.5376559884, within(GOLDEN));
        assertThat(NBestEntropy.perSequence(logps)).isCloseTo(2.3648535412, within(GOLDEN));
    }

    @Test
    void aListOfOneIsItsOwnSurprise() {
        assertThat(NBestEntropy.perToken(new double[] {-6}, new int[] {3})).isEqualTo(2);
        assertThat(NBestEntropy.perSequence(new double[] {-6})).isEqualTo(6);
    }

    @Test
    void veryUnlikelyListsDoNotUnderflow() {
        assertThat(NBestEntropy.perSequence(new double[] {-2000, -2000})).isEqualTo(2000);
    }

    @Test
    void refusesWhatIsOutOfRange() {
        assertThatThrownBy(() -> NBestEntropy.perSequence(new double[0]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("n-best entropy: expected at least one hypothesis, got none");
        assertThatThrownBy(() -> NBestEntropy.perSequence(new double[] {Double.NEGATIVE_INFINITY}))
                .hasMessage("n-best entropy: expected finite log-probabilities, got -Infinity for hypothesis 0");
        assertThatThrownBy(() -> NBestEntropy.perToken(new double[2], new int[1]))
                .hasMessage("n-best entropy: expected 2 lengths, one a hypothesis, got 1");
        assertThatThrownBy(() -> NBestEntropy.perToken(new double[1], new int[1]))
                .hasMessage("n-best entropy: expected a length of at least 1, got 0 for hypothesis 0");
    }
}
