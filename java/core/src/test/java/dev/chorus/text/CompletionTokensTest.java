package dev.chorus.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.chorus.text.CompletionTokens.Join;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompletionTokensTest {
    private static final Path FIXTURES = Path.of("src/test/resources/fixtures");

    /** Decoded, the completion's tokens hold the completion, and the prompt's tokens are the prompt's beginning. */
    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "opt", "gpt_neox", "bloom", "qwen2"})
    void byteLevelTokensOfTheCompletionHoldIt(String family) throws IOException {
        try (Tokenizer tokenizer = load(family)) {
            for (String prompt : new String[] {"wake me ", "wake me", "🙂 café", "a \n"}) {
                for (String completion : new String[] {"up at five", " up", "🙂🙂!", "\nnew", "  two"}) {
                    CompletionTokens joined = CompletionTokens.of(tokenizer, prompt, completion, Join.JOINT, false);
                    String end = tokenizer.decode(joined.completion());
                    assertThat(end).as(prompt + "|" + completion).endsWith(completion);
                    assertThat(joined.tokens()).containsExactly(tokenizer.encodeWithSpecials(prompt + completion));
                    String begin = tokenizer.decode(Arrays.copyOf(joined.tokens(), joined.start()));
                    assertThat(begin + end).isEqualTo(prompt + completion);
                }
            }
        }
    }

    @Test
    void aTokenThatTakesThePromptsSpaceBelongsToTheCompletion() throws IOException {
        try (Tokenizer tokenizer = load("gpt2")) {
            CompletionTokens joint = CompletionTokens.of(tokenizer, "wake me ", "up", Join.JOINT, false);
            assertThat(tokenizer.decode(joint.completion())).isEqualTo(" up");
            CompletionTokens separate = CompletionTokens.of(tokenizer, "wake me ", "up", Join.SEPARATE, false);
            assertThat(tokenizer.decode(separate.completion())).isEqualTo("up");
            assertThat(separate.start()).isEqualTo(joint.start() + 1);
            // The prompt alone has a token for its space, which the joint text has not.
            CompletionTokens length = CompletionTokens.of(tokenizer, "wake me ", "up", Join.PROMPT_LENGTH, false);
            assertThat(length.tokens()).containsExactly(joint.tokens());
            assertThat(length.start()).isEqualTo(joint.start() + 1);
        }
    }

    /** The boundary lies inside a character of four bytes: all its bytes are the completion's. */
    @Test
    void bytesOfOneCharacterStayTogether() throws IOException {
        try (Tokenizer tokenizer = load("gpt2")) {
            int smile = tokenizer.encode("🙂").length;
            assertThat(smile).isGreaterThan(1);
            CompletionTokens joined = CompletionTokens.of(tokenizer, "ab", "🙂", Join.JOINT, false);
            assertThat(joined.tokens().length - joined.start()).isEqualTo(smile);
            CompletionTokens split = CompletionTokens.of(tokenizer, "ab\ud83d", "\ude42", Join.JOINT, false);
            assertThat(split.tokens()).containsExactly(joined.tokens());
            assertThat(split.start()).isEqualTo(joined.start());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "mistral", "opt"})
    void theFirstSpecialTokenBelongsToThePrompt(String family) throws IOException {
        try (Tokenizer tokenizer = load(family)) {
            CompletionTokens joined = CompletionTokens.of(tokenizer, "", "play jazz", Join.JOINT, false);
            assertThat(joined.start()).isEqualTo(1);
            assertThat(joined.tokens()[0]).isEqualTo(tokenizer.bosId().orElseThrow());
            assertThat(joined.completion()).containsExactly(tokenizer.encode("play jazz"));
        }
    }

    /** These merge a word with the space behind it: "wake me up" is [bos] _ w ake_ me_ up. */
    @ParameterizedTest
    @ValueSource(strings = {"llama", "mistral"})
    void aTokenThatReachesIntoTheCompletionBelongsToIt(String family) throws IOException {
        try (Tokenizer tokenizer = load(family)) {
            int[] whole = tokenizer.encodeWithSpecials("wake me up");
            CompletionTokens space = CompletionTokens.of(tokenizer, "wake me", " up", Join.JOINT, false);
            assertThat(space.tokens()).containsExactly(whole).hasSize(6);
            assertThat(space.start()).isEqualTo(4);
            CompletionTokens word = CompletionTokens.of(tokenizer, "wake me ", "up", Join.JOINT, false);
            assertThat(word.tokens()).containsExactly(whole);
            assertThat(word.start()).isEqualTo(5);
        }
    }

    @ParameterizedTest
    @EnumSource(Join.class)
    void anEmptyCompletionHasNoToken(Join join) throws IOException {
        for (String family : new String[] {"gpt2", "llama"}) {
            try (Tokenizer tokenizer = load(family)) {
                CompletionTokens joined = CompletionTokens.of(tokenizer, "wake me ", "", join, false);
                assertThat(joined.tokens()).containsExactly(tokenizer.encodeWithSpecials("wake me "));
                assertThat(joined.start()).isEqualTo(joined.tokens().length);
                CompletionTokens ended = CompletionTokens.of(tokenizer, "wake me ", "", join, true);
                assertThat(ended.completion()).containsExactly(tokenizer.eos());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Join.class)
    void theEndOfSequenceComesOnceAtTheEnd(Join join) throws IOException {
        try (Tokenizer tokenizer = load("llama")) {
            int[] plain =
                    CompletionTokens.of(tokenizer, "wake", " me", join, false).tokens();
            CompletionTokens ended = CompletionTokens.of(tokenizer, "wake", " me", join, true);
            assertThat(ended.tokens())
                    .startsWith(plain)
                    .endsWith(tokenizer.eos())
                    .hasSize(plain.length + 1);
            assertThat(CompletionTokens.of(tokenizer, "wake", " me</s>", join, true)
                            .tokens())
                    .containsExactly(CompletionTokens.of(tokenizer, "wake", " me</s>", join, false)
                            .tokens())
                    .endsWith(tokenizer.eos());
        }
    }

    @Test
    void withoutAnEndOfSequenceTokenThatCannotBeAskedFor() throws IOException {
        byte[] json = java.nio.file.Files.readAllBytes(FIXTURES.resolve("gpt2/tokenizer.json"));
        try (Tokenizer tokenizer = Tokenizer.of(json, "bare.json")) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> CompletionTokens.of(tokenizer, "a", "b", Join.JOINT, true))
                    .withMessageContaining("bare.json: ")
                    .withMessageContaining("eos_token");
        }
    }

    private static Tokenizer load(String family) throws IOException {
        return Tokenizer.load(FIXTURES.resolve(family));
    }
}
