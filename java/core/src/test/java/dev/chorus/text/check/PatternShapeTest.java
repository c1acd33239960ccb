package dev.chorus.text.check;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PatternShapeTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                // Of published tokenizers: GPT-2, Llama 3, Qwen 2, GPT-4o, BLOOM, DeepSeek, CLIP.
                "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
                "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
                "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}",
                " ?[^(\\s|[.,!?…。，、।۔،])]+",
                "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+",
                "\\d{1,3}(?=(?:\\d{3})*\\b)",
                "[一-龥぀-ゟ゠-ヿ]+",
                " {2,}",
                "\\x{20}+|\\u0020",
                "(?<word>a+)b",
                "a{,3}b",
                "[[:alpha:]]+",
                "[]a]",
                "a{b",
                "(?#a comment)a",
                "x(?=a*)",
            })
    void isUsed(String pattern) {
        assertThat(PatternShape.problem(pattern)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '@',
            value = {
                "a* @ can match nothing",
                "a|b? @ can match nothing",
                "(?=a) @ can match nothing",
                "^ @ can match nothing",
                "\\b @ can match nothing",
                "a{0,2} @ can match nothing",
                "(a*|b)c* @ can match nothing",
                "(?i) @ can match nothing",
                "(a+)+b @ one repetition",
                "(a|b)*c @ one repetition",
                "(?:a?){9}b @ one repetition",
                "((ab*)c){2,}d @ one repetition",
                "a{2}{3}+*b @ one repetition",
                "(a)\\1 @ a reference to a group",
                "\\k<n>a @ a reference to a group",
                "(?(1)a|b) @ is not supported",
                "(?x: a ) @ is not supported",
                "(*FAIL) @ a callout",
                "(a @ a group without an end",
                "a) @ a closing parenthesis",
                "[a @ a class of characters without an end",
                "+a @ a repetition of nothing",
                "a{1,9999999} @ at most 100000",
                "(a{1000}){1000} @ counted repetitions of more",
                "a\\ @ a backslash",
            })
    void isRefused(String pattern, String problem) {
        assertThat(PatternShape.problem(pattern)).contains(problem);
    }
}
