package dev.chorus.model.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.model.family.GenerationDefaults;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Each rule by hand, on two rows of six tokens of which the second counts. */
class LogitRulesTest {
    private static final float NONE = Float.NEGATIVE_INFINITY;
    private static final float[] LOGITS = {9, 9, 9, 9, 9, 9, 2, -1, 0.5f, 3, -4, 1};

    @Test
    void whatIsThereAlreadyIsDividedOrMultipliedOnce() {
        assertThat(ruled(GenerationDefaults.NONE.withRepetitionPenalty(2), new int[] {0, 1, 1}, 4))
                .containsExactly(1, -2, 0.5f, 3, -8, 1);
    }

    @Test
    void noPairComesTwice() {
        // 0 1 has been, and 1 2: behind 1 comes neither 2 nor 0 (1 0).
        assertThat(ruled(GenerationDefaults.NONE.withNoRepeatNgram(2), new int[] {0, 1, 2, 1, 0}, 1))
                .containsExactly(NONE, -1, NONE, 3, -4, 1);
        // One token: nothing can have come twice.
        assertThat(ruled(GenerationDefaults.NONE.withNoRepeatNgram(3), new int[] {1}))
                .containsExactly(2, -1, 0.5f, 3, -4, 1);
        assertThat(ruled(GenerationDefaults.NONE.withNoRepeatNgram(1), new int[] {0, 3}, 5))
                .containsExactly(NONE, -1, 0.5f, NONE, -4, NONE);
    }

    @Test
    void endsAndSuppressedTokensWait() {
        GenerationDefaults rules = new GenerationDefaults(1, 0, 2, List.of(4), List.of(0), List.of(), List.of());
        assertThat(ruled(rules, new int[] {1})).containsExactly(NONE, -1, 0.5f, NONE, NONE, 1);
        assertThat(ruled(rules, new int[] {1}, 2)).containsExactly(2, -1, 0.5f, NONE, NONE, 1);
        assertThat(ruled(rules, new int[] {1}, 2, 2)).containsExactly(2, -1, 0.5f, 3, NONE, 1);
    }

    /** The end is 3. */
    private static float[] ruled(GenerationDefaults rules, int[] prompt, int... generated) {
        float[] scores = LOGITS.clone();
        new LogitRules(rules, Set.of(3)).apply(scores, 6, 6, prompt, generated);
        for (int i = 0; i < 6; i++) {
            assertThat(scores[i]).isEqualTo(9);
        }
        return Arrays.copyOfRange(scores, 6, 12);
    }
}
