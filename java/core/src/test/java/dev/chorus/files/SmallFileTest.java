package dev.chorus.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SmallFileTest {
    @TempDir
    private Path folder;

    @Test
    void aFileWithinTheBoundIsRead() throws IOException {
        Path file = Files.writeString(folder.resolve("a"), "12345");
        assertThat(SmallFile.read(file, 5)).containsExactly('1', '2', '3', '4', '5');
        assertThatThrownBy(() -> SmallFile.read(file, 4))
                .hasMessage(file + ": has 5 bytes or more; a file of its kind has at most 4");
    }

    @Test
    void aSparseGiantIsRefusedBeforeItIsRead() throws IOException {
        Path file = folder.resolve("giant");
        try (RandomAccessFile giant = new RandomAccessFile(file.toFile(), "rw")) {
            giant.setLength(1L << 40);
        }
        assertThatThrownBy(() -> SmallFile.read(file, 1 << 20))
                .hasMessage(file + ": has 1099511627776 bytes or more; a file of its kind has at most 1048576");
    }

    @Test
    void aFileThatHoldsMoreThanItsSizeIsRefused() {
        // Its size is said to be 0.
        assertThatThrownBy(() -> SmallFile.read(Path.of("/proc/self/maps"), 10))
                .hasMessageStartingWith("/proc/self/maps: has 11 bytes or more");
    }

    @Test
    void whatIsNoFileIsRefusedByName() throws Exception {
        Path none = folder.resolve("none");
        assertThatThrownBy(() -> SmallFile.read(none, 9)).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> SmallFile.read(folder, 9))
                .hasMessage(folder + ": is a directory; expected a regular file");
        assertThatThrownBy(() -> SmallFile.read(Path.of("/dev/zero"), 9))
                .hasMessage("/dev/zero: is a character device; expected a regular file");
        Path pipe = folder.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        assertThatThrownBy(() -> SmallFile.read(pipe, 9)).hasMessage(pipe + ": is a pipe; expected a regular file");
    }
}
