package dev.chorus.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class WholeFileTest {
    private static final String LEFT = ".out.0a1b2c3d.unfinished";

    @TempDir
    private Path folder;

    @Test
    void theFileAppearsWithTheCommit() throws IOException {
        Path out = folder.resolve("out");
        try (WholeFile file = WholeFile.begin(out, false)) {
            file.stream().write("text".getBytes(StandardCharsets.UTF_8));
            assertThat(out).doesNotExist();
            file.commit();
        }
        assertThat(out).hasContent("text");
        assertThat(names()).containsExactly("out");
    }

    @Test
    void withoutACommitNothingHasChanged() throws IOException {
        Path out = Files.writeString(folder.resolve("out"), "mine");
        try (WholeFile file = WholeFile.begin(out, true)) {
            file.write(bytes("other"));
            assertThat(names()).hasSize(2);
        }
        assertThat(out).hasContent("mine");
        assertThat(names()).containsExactly("out");
    }

    @Test
    void whatIsThereIsReplacedOnlyWithLeave() throws IOException {
        Path out = Files.writeString(folder.resolve("out"), "mine");
        assertThatThrownBy(() -> WholeFile.begin(out, false))
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessage(out + ": already exists");
        WholeFile.write(out, new byte[] {'x'}, true);
        assertThat(out).hasContent("x");
    }

    @Test
    void whatAppearsMeanwhileIsReplacedOnlyWithLeave() throws IOException {
        Path out = folder.resolve("out");
        try (WholeFile file = WholeFile.begin(out, false)) {
            file.write(bytes("late"));
            Files.writeString(out, "mine");
            assertThatThrownBy(file::commit)
                    .isInstanceOf(FileAlreadyExistsException.class)
                    .hasMessage(out + ": appeared while its content was made, and is left as it is");
        }
        assertThat(out).hasContent("mine");
        assertThat(names()).containsExactly("out");

        Files.delete(out);
        try (WholeFile file = WholeFile.begin(out, true)) {
            file.write(bytes("late"));
            Files.writeString(out, "mine");
            file.commit();
        }
        assertThat(out).hasContent("late");
    }

    @Test
    void linksAreFollowedAndStay() throws IOException {
        Path real = Files.writeString(
                Files.createDirectory(folder.resolve("elsewhere")).resolve("real"), "old");
        Path link = Files.createSymbolicLink(folder.resolve("out"), Path.of("elsewhere/real"));
        Path second = Files.createSymbolicLink(folder.resolve("second"), link);
        assertThatThrownBy(() -> WholeFile.begin(second, false)).isInstanceOf(FileAlreadyExistsException.class);
        WholeFile.write(second, new byte[] {'x'}, true);
        assertThat(real).hasContent("x");
        assertThat(link).isSymbolicLink();
        assertThat(second).isSymbolicLink();

        Files.delete(real);
        WholeFile.write(link, new byte[] {'y'}, false);
        assertThat(real).hasContent("y");
        Files.delete(real);
        Files.delete(real.getParent());
        assertThatThrownBy(() -> WholeFile.check(link, true))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessage(link + ": is a link to " + real + ": its folder does not exist");
        Path loop = Files.createSymbolicLink(folder.resolve("loop"), Path.of("loop"));
        assertThatThrownBy(() -> WholeFile.check(loop, true))
                .isInstanceOf(FileSystemException.class)
                .hasMessageStartingWith(loop + ": ");
    }

    @Test
    void aDeviceIsWrittenIntoAndStaysOne() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("null"), Path.of("/dev/null"));
        for (Path device : List.of(link, Path.of("/dev/null"))) {
            WholeFile.check(device, false);
            WholeFile.write(device, new byte[] {'x'}, false);
            assertThat(FileKind.of(device)).isEqualTo(FileKind.CHARACTER_DEVICE);
        }
        assertThat(link).isSymbolicLink();
        assertThat(names()).containsExactly("null");
    }

    @Test
    void aFullDeviceIsNamed() {
        Path full = Path.of("/dev/full");
        assumeTrue(Files.exists(full));
        assertThatThrownBy(() -> WholeFile.write(full, new byte[] {'x'}, true))
                .isInstanceOf(FileSystemException.class)
                .hasMessage("/dev/full: No space left on device");
    }

    @Test
    void aPipeIsWrittenInto() throws Exception {
        Path pipe = folder.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        WholeFile.check(pipe, false);
        CompletableFuture<byte[]> read = CompletableFuture.supplyAsync(() -> {
            try {
                return Files.readAllBytes(pipe);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        WholeFile.write(pipe, new byte[] {'x', 'y'}, false);
        assertThat(read.get()).containsExactly('x', 'y');
        assertThat(FileKind.of(pipe)).isEqualTo(FileKind.PIPE);
    }

    @Test
    void whatCannotBeWrittenIsFoundBeforeTheWork() throws IOException {
        assertThatThrownBy(() -> WholeFile.check(folder, true))
                .isInstanceOf(UnusableTargetException.class)
                .hasMessage(folder + ": is a directory");
        assertThatThrownBy(() -> WholeFile.check(Path.of("/"), true)).hasMessage("/: is a directory");
        Path orphan = folder.resolve("none/out");
        assertThatThrownBy(() -> WholeFile.check(orphan, true))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessage(orphan + ": its folder does not exist");
        Path file = Files.writeString(folder.resolve("file"), "");
        assertThatThrownBy(() -> WholeFile.check(file.resolve("out"), true))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessage(file.resolve("out") + ": its folder does not exist");
        Path tooLong = folder.resolve("x".repeat(300));
        assertThatThrownBy(() -> WholeFile.check(tooLong, true))
                .isInstanceOf(FileSystemException.class)
                .hasMessage(tooLong + ": File name too long");
        WholeFile.check(folder.resolve("é".repeat(127)), true);
        assertThat(names()).containsExactly("file");
    }

    @Test
    void aFolderWithoutPermissionIsNamedWithTheFile() throws IOException {
        Path closed = Files.createDirectory(
                folder.resolve("closed"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("r-x------")));
        assumeTrue(!Files.isWritable(closed), "root may write everywhere");
        Path out = closed.resolve("out");
        assertThatThrownBy(() -> WholeFile.check(out, true))
                .isInstanceOf(FileSystemException.class)
                .hasMessage(out + ": permission denied");
        Path readOnly = Files.writeString(folder.resolve("read-only"), "mine");
        Files.setPosixFilePermissions(readOnly, PosixFilePermissions.fromString("r--------"));
        assertThatThrownBy(() -> WholeFile.check(readOnly, true)).hasMessage(readOnly + ": permission denied");
    }

    @Test
    void permissionsOfAReplacedFileAreKept() throws IOException {
        Path out = Files.writeString(folder.resolve("out"), "mine");
        Files.setPosixFilePermissions(out, PosixFilePermissions.fromString("rw-r-----"));
        WholeFile.write(out, new byte[] {'x'}, true);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(out)))
                .isEqualTo("rw-r-----");
    }

    @Test
    void whatAKilledProcessLeftIsRemovedAndWhatALivingOneWritesIsNot() throws IOException {
        Path left = Files.writeString(folder.resolve(LEFT), "half");
        Path other = Files.writeString(folder.resolve(".outer.0a1b2c3d.unfinished"), "another target's");
        Path mine = Files.writeString(folder.resolve(".out.unfinished"), "another name");
        WholeFile.check(folder.resolve("out"), false);
        assertThat(left).doesNotExist();
        assertThat(other).exists();
        assertThat(mine).exists();

        Files.writeString(left, "being written");
        try (FileChannel writer = FileChannel.open(left, StandardOpenOption.WRITE);
                FileLock lock = writer.lock()) {
            assertThat(lock.isValid()).isTrue();
            WholeFile.check(folder.resolve("out"), false);
            assertThat(left).exists();
        }
        try (WholeFile one = WholeFile.begin(folder.resolve("out"), true);
                WholeFile two = WholeFile.begin(folder.resolve("out"), true)) {
            one.write(bytes("one"));
            two.write(bytes("two"));
            two.commit();
            one.commit();
        }
        assertThat(folder.resolve("out")).hasContent("one");
    }

    @Test
    void aProcessThatIsKilledLeavesTheTargetAsItWas() throws Exception {
        Path out = Files.writeString(folder.resolve("out"), "mine");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Writer.class.getName(),
                        out.toString())
                .redirectErrorStream(true)
                .start();
        assertThat(process.getInputStream().read()).isEqualTo('w');
        List<String> during = names();
        assertThat(during).hasSize(2);
        // Alive, so nobody else removes it.
        WholeFile.check(out, true);
        assertThat(names()).isEqualTo(during);
        process.destroyForcibly().waitFor();
        assertThat(out).hasContent("mine");
        WholeFile.check(out, true);
        assertThat(names()).containsExactly("out");
    }

    /** Begins a file and waits. */
    static final class Writer {
        private Writer() {}

        public static void main(String[] args) throws Exception {
            try (WholeFile file = WholeFile.begin(Path.of(args[0]), true)) {
                file.write(bytes("half"));
                System.out.print('w');
                System.out.flush();
                Thread.sleep(60_000);
            }
        }
    }

    @Test
    void permissionDeniedIsSaidInWords() {
        assertThat(FileFault.sentence(new AccessDeniedException("out.jsonl")))
                .isEqualTo("out.jsonl: permission denied");
        assertThat(FileFault.of(Path.of("a"), new IOException("No space left on device")))
                .hasMessage("a: No space left on device");
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
