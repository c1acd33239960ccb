package dev.chorus.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class GeneratedTextTest {
    static final List<String> TOKENIZERS = BuiltInTokenizers.NAMES;

    /** Tokens of a text that the tokenizer made itself: both roads give every token the same last letter. */
    @ParameterizedTest
    @FieldSource("TOKENIZERS")
    void spansAreThoseOfTheTokenizer(String name) {
        try (Tokenizer tokenizer = BuiltInTokenizers.open(name)) {
            for (String text :
                    List.of("none", "event_name: meeting; date: tomorrow", "person: mom's; place_name: st. louis")) {
                Tokenizer.Tokens tokens = tokenizer.encodeWithSpans(text);
                GeneratedText generated = GeneratedText.of(tokenizer, tokens.ids());
                assertThat(generated.text()).isEqualTo(text);
                assertTiled(generated);
                for (int t = 0; t < tokens.ids().length; t++) {
                    // A token of a space alone, perhaps one that was never in the text, has no letter.
                    if (!tokenizer.decode(new int[] {tokens.ids()[t]}).isBlank()) {
                        assertThat(generated.spans()[t][1])
                                .as("token %d of %s", t, text)
                                .isEqualTo(tokens.spans()[t][1]);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @FieldSource("TOKENIZERS")
    void specialTokensCoverNothing(String name) {
        try (Tokenizer tokenizer = BuiltInTokenizers.open(name)) {
            int[] first = tokenizer.encode("date: tomorrow");
            int[] second = tokenizer.encode("date: tomorrow; time: five");
            int[] rest = Arrays.copyOfRange(second, first.length, second.length);
            assertThat(second).startsWith(first);
            int[] tokens = new int[second.length + 2];
            tokens[0] = tokenizer.sep();
            System.arraycopy(first, 0, tokens, 1, first.length);
            tokens[first.length + 1] = tokenizer.pad();
            System.arraycopy(rest, 0, tokens, first.length + 2, rest.length);
            GeneratedText generated = GeneratedText.of(tokenizer, tokens);
            assertThat(generated.text()).isEqualTo("date: tomorrow; time: five");
            assertTiled(generated);
            assertThat(generated.spans()[0]).containsExactly(0, 0);
            assertThat(generated.spans()[first.length + 1]).containsExactly(14, 14);
        }
    }

    /** Half a character decodes to a replacement; its second half must not push the spans behind it. */
    @Test
    void charactersOfSeveralTokensKeepTheirPlace() {
        try (Tokenizer tokenizer = BuiltInTokenizers.open("byte-bpe-900")) {
            String text = "at münchen 🙂 now";
            Tokenizer.Tokens tokens = tokenizer.encodeWithSpans(text);
            GeneratedText generated = GeneratedText.of(tokenizer, tokens.ids());
            assertThat(generated.text()).isEqualTo(text);
            assertTiled(generated);
            int[] last = generated.spans()[tokens.ids().length - 1];
            assertThat(text.substring(last[0], last[1])).isEqualTo(" now");
        }
    }

    @Test
    void spaceAtTheEndsIsNoText() {
        try (Tokenizer tokenizer = BuiltInTokenizers.open("byte-bpe-900")) {
            GeneratedText generated = GeneratedText.of(tokenizer, tokenizer.encode("  date: now  "));
            assertThat(generated.text()).isEqualTo("date: now");
            assertTiled(generated);
            assertThat(GeneratedText.of(tokenizer, tokenizer.encode("   ")).text())
                    .isEmpty();
            GeneratedText nothing = GeneratedText.of(tokenizer, new int[0]);
            assertThat(nothing.text()).isEmpty();
            assertThat(nothing.spans()).isEmpty();
        }
    }

    /** One span begins where the one before ends, from the first character to the last. */
    private static void assertTiled(GeneratedText generated) {
        int at = 0;
        for (int[] span : generated.spans()) {
            assertThat(span[0]).isEqualTo(at);
            assertThat(span[1]).isGreaterThanOrEqualTo(at);
            at = span[1];
        }
        assertThat(at).isEqualTo(generated.text().length());
    }
}
