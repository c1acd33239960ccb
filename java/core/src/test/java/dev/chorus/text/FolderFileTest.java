package dev.chorus.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@EnabledOnOs({OS.LINUX, OS.MAC})
class FolderFileTest {
    private static final Path GPT2 = Path.of("src/test/resources/fixtures/gpt2");

    @TempDir
    private Path folder;

    @Test
    void aFileIsOneOfBytesAndNoMoreThanItMayHave() throws Exception {
        Path file = Files.writeString(folder.resolve("a"), "12345");
        assertThat(FolderFile.problem(file, 5)).isEmpty();
        assertThat(FolderFile.problem(file, 4)).isEqualTo("has 5 bytes, at most 4 are read; is it damaged?");
        assertThat(FolderFile.problem(folder, 5)).isEqualTo("is a directory, expected a regular file; it is not read");
        assertThat(FolderFile.problem(folder.resolve("b"), 5)).isEqualTo("is not there");
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("../blobs/abc"));
        assertThat(FolderFile.exists(link)).isTrue();
        assertThat(FolderFile.problem(link, 5)).startsWith("is a link to '../blobs/abc', which is not there");
        assertThat(FolderFile.problem(Path.of("/dev/zero"), 5)).contains("a character device");
        assertThat(FolderFile.problem(pipe("pipe"), 5)).contains("a pipe");
        Path pointer = Files.writeString(
                folder.resolve("pointer"), "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 9\n");
        assertThat(FolderFile.problem(pointer, 5000)).contains("Git LFS pointer", "git lfs pull");
    }

    /** Each of a folder's files as what would be waited for, or read, for ever. */
    @ParameterizedTest
    @ValueSource(
            strings = {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "config.json", "vocab.json"
            })
    void aTokenizersFilesAreLookedAtFirst(String name) throws Exception {
        for (String other : List.of("tokenizer.json", "config.json")) {
            Files.copy(GPT2.resolve(other), folder.resolve(other));
        }
        Files.deleteIfExists(folder.resolve(name));
        pipe(name);
        refused(name, "a pipe");
        Files.delete(folder.resolve(name));
        Files.createSymbolicLink(folder.resolve(name), Path.of("/dev/zero"));
        refused(name, "a character device");
        Files.delete(folder.resolve(name));
        try (RandomAccessFile sparse = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
            sparse.setLength(1L << 40);
        }
        refused(name, "has 1099511627776 bytes");
        Files.delete(folder.resolve(name));
        Files.createSymbolicLink(folder.resolve(name), Path.of("gone"));
        refused(name, "is a link to 'gone'");
    }

    private void refused(String name, String problem) {
        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(20), () -> assertThatExceptionOfType(TokenizerException.class)
                        .isThrownBy(() -> Tokenizer.load(folder))
                        .withMessageContaining(name + ": ")
                        .withMessageContaining(problem));
    }

    private Path pipe(String name) throws IOException, InterruptedException {
        Path pipe = folder.resolve(name);
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        return pipe;
    }

    @Test
    void aDownloadCacheMeansTheSnapshotOfItsMainBranch() throws IOException {
        Path cache = Files.createDirectory(folder.resolve("models--org--name"));
        Path old = Files.createDirectories(cache.resolve("snapshots/0a"));
        Path main = Files.createDirectories(cache.resolve("snapshots/1b"));
        assertThatExceptionOfType(TokenizerException.class)
                .isThrownBy(() -> ModelPath.of(cache))
                .withMessageContaining("refs/main")
                .withMessageContaining("[0a, 1b]");
        Files.createDirectory(cache.resolve("refs"));
        Files.writeString(cache.resolve("refs/main"), "1b");
        assertThat(ModelPath.of(cache)).isEqualTo(main);
        assertThat(ModelPath.of(old)).isEqualTo(old);
        Files.writeString(cache.resolve("refs/main"), "../../..");
        assertThatExceptionOfType(TokenizerException.class).isThrownBy(() -> ModelPath.of(cache));
        Files.writeString(cache.resolve("refs/main"), "1b\n");
        Files.copy(GPT2.resolve("tokenizer.json"), main.resolve("tokenizer.json"));
        try (Tokenizer tokenizer = Tokenizer.load(cache)) {
            assertThat(tokenizer.vocabSize()).isEqualTo(640);
        }
    }

    @Test
    void messagesShowFewNamesShortValuesAndNoEscapes() {
        assertThat(Shown.names(List.of("a", "b"))).isEqualTo("[a, b]");
        assertThat(Shown.names(Collections.nCopies(200_000, "layer")))
                .isEqualTo("[" + "layer, ".repeat(10) + "… and 199990 more]");
        assertThat(Shown.value("x".repeat(100))).isEqualTo("x".repeat(60) + "…");
        String endless = "a".repeat(100_000_000) + "; the cure";
        assertThat(new TokenizerException("file", endless))
                .hasMessageStartingWith("file: aaa")
                .hasMessageEndingWith("aaa; the cure")
                .satisfies(e -> assertThat(e.getMessage().length()).isLessThan(2100));
        assertThat(new TokenizerException("file", "a\u001b[2J\nb")).hasMessage("file: a\\u001b[2J\\nb");
        assertThat(Shown.plain("\u001b[2J\u202ea\u0000é😀")).isEqualTo("\\u001b[2J\\u202ea\\u0000é😀");
    }
}
