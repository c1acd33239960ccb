package dev.chorus.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The folder of the native library belongs to the user alone: whoever else could write to it could run what they like. */
@EnabledOnOs({OS.LINUX, OS.MAC})
class TokenizerLibraryTest {
    @TempDir
    private Path home;

    @BeforeEach
    void mine() throws IOException {
        mode(home, "rwxr-xr-x");
    }

    @Test
    void itIsMadeInTheHomeForTheUserAlone() throws IOException {
        Path folder = TokenizerLibrary.folder(Map.of(), home);
        assertThat(folder).isEqualTo(home.resolve(".cache/chorus"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
                .isEqualTo("rwx------");
        assertThat(TokenizerLibrary.folder(Map.of(), home)).isEqualTo(folder);
        Path other = home.resolve("elsewhere");
        assertThat(TokenizerLibrary.folder(Map.of("XDG_CACHE_HOME", other.toString()), home))
                .isEqualTo(other.resolve("chorus"));
    }

    /** A second user of the machine has left a folder in the place, open to all, with a library in it. */
    @Test
    void aFolderThatOthersCanWriteToIsNotUsed() throws IOException {
        Path shared = Files.createDirectories(home.resolve(".cache/chorus"));
        Files.writeString(shared.resolve("libtokenizers.so"), "theirs");
        mode(shared, "rwxrwxrwx");
        assertThat(TokenizerLibrary.danger(shared)).get().asString().startsWith("others can write to ");
        Path folder = TokenizerLibrary.folder(Map.of(), home);
        assertThat(folder).isNotEqualTo(shared).isEmptyDirectory();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
                .isEqualTo("rwx------");
        Files.delete(folder);
        mode(shared, "rwxrwx---");
        Path again = TokenizerLibrary.folder(Map.of(), home);
        assertThat(again).isNotEqualTo(shared);
        Files.delete(again);
    }

    /** Nor one that others could put in the place of it. */
    @Test
    void aParentThatOthersCanWriteToIsNotTrusted() throws IOException {
        Path parent = Files.createDirectories(home.resolve(".cache"));
        Files.createDirectory(parent.resolve("chorus"));
        mode(parent.resolve("chorus"), "rwx------");
        mode(parent, "rwxrwxrwx");
        Path folder = TokenizerLibrary.folder(Map.of(), home);
        assertThat(folder).isNotEqualTo(parent.resolve("chorus"));
        Files.delete(folder);
    }

    @Test
    void aFolderThatTheEnvironmentNamesIsRefusedIfItIsOpen() throws IOException {
        Path open = Files.createDirectory(home.resolve("open"));
        mode(open, "rwxrwxrwx");
        for (String variable : new String[] {"ENGINE_CACHE_DIR", "RUST_LIBRARY_PATH"}) {
            assertThatExceptionOfType(TokenizerException.class)
                    .isThrownBy(() -> TokenizerLibrary.folder(Map.of(variable, open.toString()), home))
                    .withMessageContaining(variable + "=" + open)
                    .withMessageContaining("others can write to ");
        }
        mode(open, "rwx------");
        assertThat(TokenizerLibrary.folder(Map.of("ENGINE_CACHE_DIR", open.toString()), home))
                .isEqualTo(open);
    }

    @Test
    void withoutAHomeTheProcessHasOneOfItsOwn() throws IOException {
        Path file = Files.writeString(home.resolve("file"), "no folder");
        Path folder = TokenizerLibrary.folder(Map.of(), file);
        assertThat(folder).isEmptyDirectory();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
                .isEqualTo("rwx------");
        Files.delete(folder);
    }

    @Test
    void whatIsLoadedLiesInSuchAFolder() throws IOException {
        assertThat(TokenizerLibrary.danger(TokenizerLibrary.load())).isEmpty();
    }

    private static void mode(Path path, String mode) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }
}
