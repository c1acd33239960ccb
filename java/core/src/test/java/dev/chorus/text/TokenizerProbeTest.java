package dev.chorus.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerProbeTest {
    private static final Path GPT2 = Path.of("src/test/resources/fixtures/gpt2");

    @TempDir
    private Path folder;

    @Test
    void whatPassesIsRememberedAndWhatFailsSaysWhy() throws IOException {
        String json = Files.readString(GPT2.resolve("tokenizer.json"));
        // Another file in every run, so that none has been seen.
        Files.writeString(folder.resolve("tokenizer.json"), json + " ".repeat(1 + (int) (System.nanoTime() % 5000)));
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"note\": \"" + System.nanoTime() + "\"}");
        Set<String> before = marks();
        assertThat(TokenizerProbe.problem(folder)).isEmpty();
        Set<String> after = marks();
        assertThat(after).hasSize(before.size() + 1).containsAll(before);
        long start = System.nanoTime();
        assertThat(TokenizerProbe.problem(folder)).isEmpty();
        // No process is started a second time.
        assertThat(System.nanoTime() - start).isLessThan(2_000_000_000L);
        assertThat(marks()).isEqualTo(after);
        after.removeAll(before);
        Files.delete(TokenizerLibrary.load().resolve(after.iterator().next()));

        Files.writeString(
                folder.resolve("tokenizer.json"),
                json.replaceFirst("\"normalizer\": *null", "\"normalizer\":{\"type\":\"x\"}"));
        assertThat(TokenizerProbe.problem(folder))
                .get()
                .asString()
                .isEqualTo(folder.resolve("tokenizer.json") + ": normalizer.type: 'x' is not known");
    }

    /** A library that ends its process ends that of the trial alone. */
    @Test
    void aProcessThatEndsIsAnAnswer() throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), Files.readString(GPT2.resolve("tokenizer.json")));
        String path = System.getProperty("java.class.path");
        try {
            // Nothing to run: the process ends without a word, as it does behind a panic.
            System.setProperty("java.class.path", folder.toString());
            Files.writeString(folder.resolve("tokenizer_config.json"), "{\"note\": \"" + System.nanoTime() + "\"}");
            assertThat(TokenizerProbe.problem(folder))
                    .get()
                    .asString()
                    .startsWith(folder.resolve("tokenizer.json") + ": was tried in a process of its own and ended it");
        } finally {
            System.setProperty("java.class.path", path);
        }
    }

    private static Set<String> marks() throws IOException {
        try (Stream<Path> files = Files.list(TokenizerLibrary.load())) {
            Set<String> names = new TreeSet<>();
            files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("tried-"))
                    .forEach(names::add);
            return names;
        }
    }
}
