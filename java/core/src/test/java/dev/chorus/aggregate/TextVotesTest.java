package dev.chorus.aggregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextVotesTest {

    /** The golden values carry nine decimals. */
    private static final double GOLDEN = 5.1e-10;

    @ParameterizedTest
    @CsvSource({
        "aaaaa, 0",
        "aaaab, .500402424",
        "aabbb, .673011667",
        "abaca, .950270539",
        "abcba, 1.054920168",
        "abcda, 1.332179040",
        "abcde, 1.609437912",
        "ab,    .693147181",
    })
    void entropyMatchesGoldenValues(String votes, double entropy) {
        assertThat(TextVotes.entropy(List.of(votes.split("")))).isCloseTo(entropy, within(GOLDEN));
    }

    @Test
    void answersThatCouldNotBeReadAreLeftOut() {
        List<String> texts = Arrays.asList(null, "{}", null, "{\"date\": \"today\"}", "{}");
        assertThat(TextVotes.counts(texts)).containsExactly(Map.entry("{}", 2), Map.entry("{\"date\": \"today\"}", 1));
        assertThat(TextVotes.entropy(texts)).isCloseTo(Math.log(3) - 2 * Math.log(2) / 3, within(GOLDEN));
        assertThat(TextVotes.winner(texts)).contains("{}");
    }

    @Test
    void withoutAnswersThereIsNothingToSay() {
        List<String> texts = Arrays.asList(null, null);
        assertThat(TextVotes.entropy(texts)).isNaN();
        assertThat(TextVotes.winner(texts)).isEmpty();
        assertThat(TextVotes.counts(List.of())).isEmpty();
    }

    @Test
    void agreementIsZeroWithoutASign() {
        assertThat(1 / TextVotes.entropy(List.of("a", "a"))).isEqualTo(Double.POSITIVE_INFINITY);
    }

    @Test
    void theFirstAnswerWinsATie() {
        assertThat(TextVotes.winner(List.of("b", "a", "a", "b", "c"))).contains("b");
    }
}
