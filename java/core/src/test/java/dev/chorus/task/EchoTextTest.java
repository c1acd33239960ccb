package dev.chorus.task;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.model.batch.Sequence;
import dev.chorus.text.BuiltInTokenizers;
import dev.chorus.text.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class EchoTextTest {
    private static final Tokenizer TOKENIZER = BuiltInTokenizers.open("sp-bpe-1500");
    private static final List<String> LINES =
            List.of("wake me up at five am this week", "", "olly", "  play some jazz please ", "what is the weather");
    private static final List<String> SENTENCES =
            LINES.stream().map(String::strip).filter(line -> !line.isEmpty()).toList();

    @AfterAll
    static void close() {
        TOKENIZER.close();
    }

    @Test
    void sameSeedSameSequences() {
        assertThat(tokens(0.5, 7)).isDeepEqualTo(tokens(0.5, 7));
        assertThat(tokens(1, 7)).isNotEqualTo(tokens(1, 8));
    }

    @Test
    void withoutEchoASequenceIsItsSentence() {
        List<Sequence> sequences = EchoText.sequences(TOKENIZER, LINES, 0, 7);
        assertThat(sequences).hasSize(SENTENCES.size());
        for (int i = 0; i < SENTENCES.size(); i++) {
            assertThat(sequences.get(i).tokens())
                    .containsExactly(SentencePrompt.completion(TOKENIZER, SENTENCES.get(i)));
            assertThat(sequences.get(i).start()).isEqualTo(1);
        }
    }

    /** The sentence, the separator, one to three runs of one to four of its words, the end. */
    @Test
    void echoAddsPiecesOfTheSentence() {
        for (long seed = 0; seed < 20; seed++) {
            List<Sequence> sequences = EchoText.sequences(TOKENIZER, LINES, 1, seed);
            assertThat(sequences).hasSize(SENTENCES.size());
            for (int i = 0; i < SENTENCES.size(); i++) {
                int[] tokens = sequences.get(i).tokens();
                int[] prompt = SentencePrompt.encode(TOKENIZER, SENTENCES.get(i));
                assertThat(tokens).startsWith(prompt).endsWith(TOKENIZER.eos());
                assertThat(sequences.get(i).start()).isEqualTo(1);
                String echo = TOKENIZER.decode(Arrays.copyOfRange(tokens, prompt.length, tokens.length - 1));
                String[] pieces = echo.split("; ");
                assertThat(pieces).hasSizeBetween(1, 3);
                for (String piece : pieces) {
                    assertThat(" " + SENTENCES.get(i) + " ").contains(" " + piece + " ");
                    assertThat(piece.split(" ")).hasSizeBetween(1, 4);
                }
            }
        }
    }

    @Test
    void echoIsAShareOfTheLines() {
        List<String> many = IntStream.range(0, 2000).mapToObj(i -> "play jazz").toList();
        long echoes = EchoText.sequences(TOKENIZER, many, 0.3, 5).stream()
                .filter(sequence -> Arrays.stream(sequence.tokens()).anyMatch(id -> id == TOKENIZER.sep()))
                .count();
        // Five standard deviations of 2,000 draws: 5 sqrt(2000 0.3 0.7) = 102.
        assertThat(echoes).isBetween(498L, 702L);
    }

    private static int[][] tokens(double echo, long seed) {
        return EchoText.sequences(TOKENIZER, LINES, echo, seed).stream()
                .map(Sequence::tokens)
                .toArray(int[][]::new);
    }
}
