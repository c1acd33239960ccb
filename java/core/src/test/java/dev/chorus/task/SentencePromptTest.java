package dev.chorus.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chorus.text.BuiltInTokenizers;
import dev.chorus.text.Tokenizer;
import dev.chorus.text.TokenizerException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SentencePromptTest {
    private static final String SENTENCE = "play jazz";
    private static final Path FIXTURES = Path.of("src/test/resources/fixtures");

    @Test
    void separatorIsSepWhereThereIsOne() throws IOException {
        try (Tokenizer tokenizer = BuiltInTokenizers.open("byte-bpe-900")) {
            int[] sentence = tokenizer.encode(SENTENCE);
            assertThat(SentencePrompt.encode(tokenizer, SENTENCE))
                    .startsWith(sentence)
                    .hasSize(sentence.length + 1)
                    .endsWith(tokenizer.sep());
            assertThat(SentencePrompt.completion(tokenizer, SENTENCE))
                    .startsWith(sentence)
                    .endsWith(tokenizer.eos());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama"})
    void otherwiseItIsALineBreak(String folder) throws IOException {
        try (Tokenizer tokenizer = Tokenizer.load(FIXTURES.resolve(folder))) {
            assertThat(tokenizer.sepId()).isEmpty();
            int[] separator = SentencePrompt.separator(tokenizer);
            assertThat(separator).isNotEmpty().isEqualTo(tokenizer.encode("\n"));
            int[] prompt = SentencePrompt.encode(tokenizer, SENTENCE);
            assertThat(prompt).endsWith(separator);
            assertThat(tokenizer.decode(prompt).strip()).isEqualTo(SENTENCE);
            assertThat(SentencePrompt.completion(tokenizer, SENTENCE)).endsWith(tokenizer.eos());
        }
    }

    /** Llama's begins a text with {@code <s>}, GPT-2's has a token of that role and does not. */
    @Test
    void aPromptBeginsAsTheTokenizersTextsDo() throws IOException {
        try (Tokenizer llama = Tokenizer.load(FIXTURES.resolve("llama"));
                Tokenizer gpt2 = Tokenizer.load(FIXTURES.resolve("gpt2"))) {
            assertThat(SentencePrompt.encode(llama, SENTENCE)).startsWith(llama.encodeWithSpecials(SENTENCE));
            assertThat(SentencePrompt.encode(llama, SENTENCE)[0])
                    .isEqualTo(llama.bosId().getAsInt());
            assertThat(gpt2.bosId()).isPresent();
            assertThat(SentencePrompt.encode(gpt2, SENTENCE)).startsWith(gpt2.encode(SENTENCE));
        }
    }

    @Test
    void nothingToSeparateWithIsAnError() {
        String json = """
                {"version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": {"type": "Whitespace"},
                 "post_processor": null, "decoder": null, "truncation": null, "padding": null,
                 "model": {"type": "WordLevel", "vocab": {"play": 0, "jazz": 1, "<eos>": 2, "<unk>": 3}, "unk_token": "<unk>"}}
                """;
        try (Tokenizer tokenizer = Tokenizer.of(json.getBytes(StandardCharsets.UTF_8), "words")) {
            assertThat(tokenizer.sepId()).isEmpty();
            assertThat(Arrays.equals(tokenizer.encode(SENTENCE), new int[] {0, 1}))
                    .isTrue();
            assertThatExceptionOfType(TokenizerException.class)
                    .isThrownBy(() -> SentencePrompt.encode(tokenizer, SENTENCE))
                    .withMessageStartingWith("words: nothing separates a sentence from its answer")
                    .withMessageContaining("sep_token");
        }
    }
}
