package dev.chorus.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class YamlTreeTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a: 1                                        | {'a': 1}",
                "a: &t {x: 1}\\nb: *t                        | {'a': {'x': 1}, 'b': {'x': 1}}",
                "a: &t {x: 1, y: 2}\\nb: {<<: *t, y: 3}      | {'a': {'x': 1, 'y': 2}, 'b': {'x': 1, 'y': 3}}",
                "a: &t {x: 1}\\nc: &u {x: 2, z: 4}\\nb: {<<: [*t, *u]} | {'a': {'x': 1}, 'c': {'x': 2, 'z': 4}, 'b': {'x': 1, 'z': 4}}",
                "a: [&s 5, *s]                               | {'a': [5, 5]}",
                "a: no\\nb: 1:30\\nc: 0x1F\\nd: 2026-01-01   | {'a': 'no', 'b': '1:30', 'c': '0x1F', 'd': '2026-01-01'}",
                "a: '1'\\nb: true\\nc: ~\\nd: 1.0e-3\\ne: .5 | {'a': '1', 'b': true, 'c': null, 'd': 1.0e-3, 'e': 0.5}",
                "a: 3000000000\\nb: -7                       | {'a': 3000000000, 'b': -7}",
            })
    void anchorsAliasesMergeKeysAndPlainWords(String yaml, String json) throws Exception {
        assertThat(JSON.readTree(YamlTree.of(yaml.replace("\\n", "\n")).toString()))
                .isEqualTo(JSON.readTree(json.replace('\'', '"')));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a: 1\\na: 2                      | 2 | Duplicate field 'a'",
                "a: 1\\n---\\nb: 2                | 3 | a second document begins",
                "a: *nothing                      | 1 | undefined alias",
                "a: &a {b: *a}                    | 1 | an alias stands inside of what it names",
                "a: {<<: 5}                       | 1 | '<<' takes a group of keys",
                "[1, 2]: x                        | 1 | a key is a list or a group",
            })
    void problemsNameTheirLine(String yaml, int line, String problem) {
        assertThatExceptionOfType(YamlTree.Problem.class)
                .isThrownBy(() -> YamlTree.of(yaml.replace("\\n", "\n")))
                .withMessageContaining(problem)
                .satisfies(found -> assertThat(found.line()).isEqualTo(line));
    }

    /** Ten levels of ten aliases each would be ten thousand million values. */
    @Test
    void aliasesOfAliasesAreBounded() {
        StringBuilder yaml = new StringBuilder("a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n");
        for (int i = 1; i < 10; i++) {
            yaml.append("a").append(i).append(": &a").append(i).append(" [");
            for (int j = 0; j < 10; j++) {
                yaml.append(j == 0 ? "" : ", ").append("*a").append(i - 1);
            }
            yaml.append("]\n");
        }
        assertThatExceptionOfType(YamlTree.Problem.class).isThrownBy(() -> YamlTree.of(yaml.toString()));
    }
}
