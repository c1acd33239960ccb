package dev.chorus.reliability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.torch.CounterRandom;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OptionOrdersTest {
    @Test
    void ranksAreAllOrders() {
        Set<String> seen = new HashSet<>();
        for (int rank = 0; rank < 24; rank++) {
            int[] order = OptionOrders.order(4, rank);
            assertThat(order).containsExactlyInAnyOrder(0, 1, 2, 3);
            seen.add(Arrays.toString(order));
        }
        assertThat(seen).hasSize(24);
        assertThat(OptionOrders.order(4, 0)).containsExactly(0, 1, 2, 3);
        assertThat(OptionOrders.places(new int[] {2, 0, 1})).containsExactly(1, 2, 0);
    }

    @Test
    void drawsAreDifferentAndFair() {
        CounterRandom random = CounterRandom.of(3, "orders");
        int rounds = 5000;
        int[] count = new int[6];
        for (int question = 0; question < rounds; question++) {
            List<int[]> orders = OptionOrders.draw(3, 2, random::uniform, 2L * question);
            assertThat(orders.get(0)).isNotEqualTo(orders.get(1));
            for (int[] order : orders) {
                for (int rank = 0; rank < 6; rank++) {
                    count[rank] += Arrays.equals(order, OptionOrders.order(3, rank)) ? 1 : 0;
                }
            }
        }
        for (int each : count) {
            // Two of six; five standard deviations.
            assertThat(each / (double) rounds).isCloseTo(1 / 3.0, within(5 * Math.sqrt(2 / 9.0 / rounds)));
        }
        assertThat(OptionOrders.draw(3, 6, random::uniform, 0).stream()
                        .map(Arrays::toString)
                        .distinct())
                .hasSize(6);
    }

    @Test
    void badInput() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> OptionOrders.draw(2, 5, i -> 0, 0))
                .withMessage("option orders: expected from 1 to 2 orders of 2 options, got 5");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> OptionOrders.draw(13, 1, i -> 0, 0))
                .withMessageContaining("13");
    }

    @Test
    void originalSettings() {
        assertThat(OriginalSettings.ETHICS.variants()).isEqualTo(2);
        assertThat(OriginalSettings.ETHICS.temperature()).isEqualTo(1);
        assertThat(OriginalSettings.MMLU.whenFiltering()).isEqualTo(UnparseablePolicy.KEEP_AS_VOTE);
        assertThat(OriginalSettings.MMLU.whenWeighting()).isEqualTo(UnparseablePolicy.DROP_QUESTION);
        assertThat(OriginalSettings.HELLASWAG.withReplacement()).isTrue();
        assertThat(OriginalSettings.GSM8K.draws(53)).isEqualTo(10);
        assertThat(OriginalSettings.PERCENTILE).isEqualTo(50);
    }
}
