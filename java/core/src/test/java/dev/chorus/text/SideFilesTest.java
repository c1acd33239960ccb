package dev.chorus.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The files beside tokenizer.json are read as strictly as it; and what is for training alone is off. */
class SideFilesTest {
    private static final Path GPT2 = Path.of("src/test/resources/fixtures/gpt2");
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tokenizer_config.json | {'eos_token':'a','eos_token':'b'} | Duplicate field 'eos_token'",
                "tokenizer_config.json | {'eos_token':3} | eos_token: expected a token's text, got 3",
                "tokenizer_config.json | {'eos_token':{'text':'a'}} | eos_token: expected a token's text",
                "tokenizer_config.json | {'eos_token':{'content':'a','lstrip':1}} | eos_token.lstrip: expected true or false",
                "tokenizer_config.json | {'added_tokens_decoder':{'abc':{'content':'x'}}} | added_tokens_decoder.abc: expected a token id",
                "tokenizer_config.json | {'added_tokens_decoder':{'99999999999':{'content':'x'}}} | added_tokens_decoder.99999999999: expected a token id",
                "tokenizer_config.json | {'added_tokens_decoder':{'3':{'content':5}}} | added_tokens_decoder.3: expected a token's text",
                "tokenizer_config.json | {'added_tokens_decoder':[]} | added_tokens_decoder: expected an object",
                "tokenizer_config.json | {'additional_special_tokens':[5]} | additional_special_tokens: expected a token's text",
                "tokenizer_config.json | {'additional_special_tokens':'x'} | additional_special_tokens: expected a list",
                "tokenizer_config.json | {'add_prefix_space':'yes'} | add_prefix_space: expected true or false",
                "tokenizer_config.json | {'tokenizer_class':7} | tokenizer_class: expected a text",
                "tokenizer_config.json | {'eos_token':'\\ud800'} | eos_token: holds half a character",
                "tokenizer_config.json | {} {} | not JSON",
                "tokenizer_config.json | 3 | not a JSON object",
                "special_tokens_map.json | {'bos_token':[]} | bos_token: expected a token's text",
                "added_tokens.json | {'x':-1} | x: expected a token id",
                "added_tokens.json | {'x':'1'} | x: expected a token id",
                "tokenizer.json | {'model':{'vocab':{}},'model':{}} | Duplicate field 'model'",
            })
    void whatIsOfTheWrongKindIsNamed(String file, String json, String problem) throws IOException {
        Files.copy(GPT2.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
        Files.writeString(folder.resolve(file), json.replace('\'', '"'));
        refused(folder.resolve(file) + ": ", problem);
    }

    @Test
    void bytesThatAreNotUtf8AreNamed() throws IOException {
        Files.copy(GPT2.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
        Files.write(folder.resolve("tokenizer_config.json"), new byte[] {'{', '"', (byte) 0xe9, '"', ':', '1', '}'});
        refused(folder.resolve("tokenizer_config.json") + ": not UTF-8", "");
    }

    /** Half of the merges at random: with it every call would give other ids. */
    @Test
    void dropoutOfMergesIsOff() throws IOException {
        ObjectNode root =
                (ObjectNode) JSON.readTree(GPT2.resolve("tokenizer.json").toFile());
        String text = "wake me up at seven tomorrow morning and play some jazz";
        int[] expected;
        try (Tokenizer plain = Tokenizer.of(JSON.writeValueAsBytes(root), "plain")) {
            expected = plain.encode(text);
        }
        ((ObjectNode) root.get("model")).put("dropout", 0.5);
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 5; i++) {
            try (Tokenizer tokenizer = Tokenizer.of(JSON.writeValueAsBytes(root), "dropout")) {
                seen.add(Arrays.toString(tokenizer.encode(text)));
            }
        }
        assertThat(seen).containsExactly(Arrays.toString(expected));
    }

    @Test
    void halfACharacterIsNoText() throws IOException {
        try (Tokenizer tokenizer = Tokenizer.load(GPT2)) {
            for (String half : new String[] {"a\ud800", "\udc00", "\ud800\ud800\udc00"}) {
                assertThatExceptionOfType(TokenizerException.class)
                        .isThrownBy(() -> tokenizer.encode(half))
                        .withMessageContaining("half a character");
            }
            assertThat(tokenizer.encode("\ud83d\ude00")).isNotEmpty();
        }
    }

    private void refused(String place, String problem) {
        assertThatExceptionOfType(TokenizerException.class)
                .isThrownBy(() -> Tokenizer.load(folder))
                .withMessageStartingWith(place)
                .withMessageContaining(problem);
    }
}
