package dev.chorus.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every class that the published folders of the ten families name, and whose rules hold then. */
class TokenizerClassesTest {
    private static final Path RESOURCES = Path.of("src/test/resources");

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({
        "gpt2, gpt2, GPT2Tokenizer, GPT2Tokenizer",
        "gpt2, gpt2, GPT2TokenizerFast, GPT2Tokenizer",
        "gpt2, gpt2, PreTrainedTokenizerFast, TokenizersBackend",
        "gpt2, gpt2, CodeGenTokenizer, GPT2Tokenizer",
        "gpt2, gpt2, CodeGenTokenizerFast, GPT2Tokenizer",
        "opt, opt, GPT2Tokenizer, GPT2Tokenizer",
        "opt, opt, GPT2TokenizerFast, GPT2Tokenizer",
        "opt, opt, PreTrainedTokenizerFast, TokenizersBackend",
        "gpt_neox, gpt_neox, GPTNeoXTokenizer, GPTNeoXTokenizer",
        "gpt_neox, gpt_neox, GPTNeoXTokenizerFast, GPTNeoXTokenizer",
        "gpt_neox, gpt_neox, PreTrainedTokenizerFast, TokenizersBackend",
        "bloom, bloom, BloomTokenizer, TokenizersBackend",
        "bloom, bloom, BloomTokenizerFast, TokenizersBackend",
        "bloom, bloom, PreTrainedTokenizerFast, TokenizersBackend",
        "llama, llama, LlamaTokenizer, LlamaTokenizer",
        "llama, llama, LlamaTokenizerFast, LlamaTokenizer",
        "llama, llama, CodeLlamaTokenizer, LlamaTokenizer",
        "llama, llama, CodeLlamaTokenizerFast, LlamaTokenizer",
        "llama, gpt2, PreTrainedTokenizerFast, TokenizersBackend",
        "llama, gpt2, GPT2Tokenizer, GPT2Tokenizer",
        // Byte-level under the class of the architecture's first models, as the distilled DeepSeek ones are.
        "llama, gpt2, LlamaTokenizerFast, TokenizersBackend",
        "mistral, mistral, LlamaTokenizer, TokenizersBackend",
        "mistral, mistral, LlamaTokenizerFast, TokenizersBackend",
        "mistral, mistral, PreTrainedTokenizerFast, TokenizersBackend",
        "mistral, gpt2, GPT2TokenizerFast, TokenizersBackend",
        "qwen2, qwen2, Qwen2Tokenizer, Qwen2Tokenizer",
        "qwen2, qwen2, Qwen2TokenizerFast, Qwen2Tokenizer",
        "qwen3, qwen2, Qwen2Tokenizer, Qwen2Tokenizer",
        "qwen3, qwen2, Qwen2TokenizerFast, Qwen2Tokenizer",
        "qwen3, qwen2, PreTrainedTokenizerFast, TokenizersBackend",
        "gemma2, llama, GemmaTokenizer, GemmaTokenizer",
        "gemma2, llama, GemmaTokenizerFast, GemmaTokenizer",
        "gemma2, llama, PreTrainedTokenizerFast, TokenizersBackend",
        // transformers does not read the class of Phi-3 folders.
        "phi3, llama, LlamaTokenizer, TokenizersBackend",
        "phi3, llama, LlamaTokenizerFast, TokenizersBackend",
        "phi3, gpt2, GPT2Tokenizer, TokenizersBackend",
        "phi3, gpt2, GPT2TokenizerFast, TokenizersBackend",
    })
    void isAccepted(String model, String fixture, String named, String rules) throws IOException {
        Path base = RESOURCES.resolve("fixtures").resolve(fixture);
        Files.copy(base.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
        Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"" + model + "\"}");
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"tokenizer_class\": \"" + named + "\"}");
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            assertThat(tokenizer.className()).isEqualTo(rules);
            String text = "wake me up at seven";
            assertThat(tokenizer.decode(tokenizer.encode(text)).strip()).isEqualTo(text);
        }
    }

    /** The class changes nothing of this file, which is written as the class would. */
    @Test
    void gemmasClassGivesTheIdsOfTheFileAlone() throws IOException {
        Path gemma = RESOURCES.resolve("cases/gemma2_tokenizer_class");
        Files.copy(gemma.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
        Files.writeString(
                folder.resolve("tokenizer_config.json"),
                Files.readString(gemma.resolve("tokenizer_config.json"))
                        .replace("GemmaTokenizer", "PreTrainedTokenizerFast"));
        try (Tokenizer named = Tokenizer.load(gemma);
                Tokenizer alone = Tokenizer.load(folder)) {
            assertThat(named.className()).isEqualTo("GemmaTokenizer");
            assertThat(alone.className()).isEqualTo("TokenizersBackend");
            for (String text : new String[] {"wake me up  at seven", "", " ", "a\n\tb", "é😀", "<s> x</s>y"}) {
                assertThat(named.encodeWithSpecials(text)).containsExactly(alone.encodeWithSpecials(text));
                assertThat(named.decode(named.encode(text))).isEqualTo(alone.decode(alone.encode(text)));
            }
        }
    }
}
