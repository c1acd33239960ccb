package dev.chorus.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.chorus.task.SentencePrompt;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {
    static final List<String> TOKENIZERS = BuiltInTokenizers.NAMES;

    private static final List<String> SLOT_TEXTS = List.of(
            "none",
            "event_name: meeting; date: tomorrow",
            "time: five am; general_frequency: every week",
            "person: mom's; place_name: st. louis",
            "list_name: to-do");

    @ParameterizedTest
    @FieldSource("TOKENIZERS")
    void decodeUndoesEncode(String name) throws IOException {
        try (Tokenizer tokenizer = BuiltInTokenizers.open(name)) {
            for (String text : SLOT_TEXTS) {
                assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
            }
            for (String sentence : sentences(400)) {
                assertThat(tokenizer.decode(tokenizer.encode(sentence))).isEqualTo(sentence);
            }
        }
    }

    @ParameterizedTest
    @FieldSource("TOKENIZERS")
    void spansCoverTheText(String name) throws IOException {
        try (Tokenizer tokenizer = BuiltInTokenizers.open(name)) {
            for (String text : SLOT_TEXTS) {
                assertCovered(tokenizer, text);
            }
            for (String sentence : sentences(100)) {
                assertCovered(tokenizer, sentence);
            }
        }
    }

    /** Characters outside the basic plane are two chars to Java and one to the native library. */
    @ParameterizedTest
    @ValueSource(strings = {"byte-bpe-900", "byte-bpe-4000", "sp-bpe-1500"})
    void spansCountJavaChars(String name) {
        String text = "play 🙂 in münchen now";
        try (Tokenizer tokenizer = BuiltInTokenizers.open(name)) {
            Tokenizer.Tokens tokens = tokenizer.encodeWithSpans(text);
            int[] last = tokens.spans()[tokens.spans().length - 1];
            assertThat(last[1]).isEqualTo(text.length());
            assertCovered(tokenizer, text);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"byte-bpe-900", "byte-bpe-4000", "sp-bpe-1500"})
    void byteFallbackKeepsForeignCharacters(String name) {
        String text = "play 🙂 in münchen at 7";
        try (Tokenizer tokenizer = BuiltInTokenizers.open(name)) {
            assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
        }
    }

    @ParameterizedTest
    @FieldSource("TOKENIZERS")
    void everyIdLiesInTheVocabularyAndSpecialTokensAreOwn(String name) throws IOException {
        try (Tokenizer tokenizer = BuiltInTokenizers.open(name)) {
            assertThat(tokenizer.vocabSize()).isEqualTo(Integer.parseInt(name.substring(name.lastIndexOf('-') + 1)));
            int[] special = {tokenizer.pad(), tokenizer.eos(), tokenizer.sep()};
            assertThat(Arrays.stream(special).distinct()).hasSize(3);
            for (String sentence : sentences(50)) {
                int[] ids = tokenizer.encode(sentence);
                assertThat(Arrays.stream(ids)).allMatch(id -> id >= 0 && id < tokenizer.vocabSize());
                assertThat(ids).doesNotContain(special);
                assertThat(tokenizer.encodeWithSpans(sentence).ids()).containsExactly(ids);
            }
            assertThat(tokenizer.encode("")).isEmpty();
            assertThat(tokenizer.decode(special)).isEmpty();
        }
    }

    @Test
    void promptEndsWithSepAndCompletionWithEos() {
        try (Tokenizer tokenizer = BuiltInTokenizers.open("byte-bpe-900")) {
            int[] text = tokenizer.encode("wake me up");
            int[] prompt = SentencePrompt.encode(tokenizer, "wake me up");
            int[] completion = SentencePrompt.completion(tokenizer, "wake me up");
            assertThat(prompt).startsWith(text).endsWith(tokenizer.sep()).hasSize(text.length + 1);
            assertThat(completion).startsWith(text).endsWith(tokenizer.eos()).hasSize(text.length + 1);
        }
    }

    @Test
    void whatIsNoTokenizerIsRefusedByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tokenizer.of("{".getBytes(StandardCharsets.UTF_8), "broken.json"))
                .withMessageContaining("broken.json");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tokenizer.of(
                        "{\"added_tokens\": [{\"id\": 0, \"content\": \"<pad>\"}]}".getBytes(StandardCharsets.UTF_8),
                        "bare.json"))
                .withMessageContaining("bare.json")
                .withMessageContaining("model.vocab");
    }

    /** Every character but spaces lies in a span, and spans come in order. */
    private static void assertCovered(Tokenizer tokenizer, String text) {
        Tokenizer.Tokens tokens = tokenizer.encodeWithSpans(text);
        boolean[] covered = new boolean[text.length()];
        int from = 0;
        for (int[] span : tokens.spans()) {
            assertThat(span[0]).as(text).isGreaterThanOrEqualTo(from);
            assertThat(span[1]).as(text).isBetween(span[0], text.length());
            Arrays.fill(covered, span[0], span[1], true);
            from = span[0];
        }
        assertThat(IntStream.range(0, covered.length).filter(i -> !covered[i] && text.charAt(i) != ' '))
                .as(text)
                .isEmpty();
    }

    static List<String> sentences(int count) throws IOException {
        try (InputStream in = Tokenizer.class.getResourceAsStream("/dev/chorus/data/slurp/unlabelled.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .limit(count)
                    .toList();
        }
    }
}
