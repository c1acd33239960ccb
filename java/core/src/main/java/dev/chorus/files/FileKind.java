package dev.chorus.files;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** What stands at a path, links followed. Opening a pipe waits for its other end, and a device may never end, so one looks first. */
public enum FileKind {
    /** Nothing. */
    MISSING("no such file"),
    /** An ordinary file. */
    REGULAR("a regular file"),
    /** A folder. */
    DIRECTORY("a directory"),
    /** A named pipe (FIFO), or an anonymous one such as a shell's {@code <(…)} or {@code /dev/stdin} behind a {@code |}. */
    PIPE("a pipe"),
    /** A socket. */
    SOCKET("a socket"),
    /** A device without an end, such as {@code /dev/null}, {@code /dev/zero} or a terminal. */
    CHARACTER_DEVICE("a character device"),
    /** A disk. */
    BLOCK_DEVICE("a block device"),
    /** Special, and the file system does not say how. */
    SPECIAL("a special file");

    // The file type bits of st_mode, as POSIX's <sys/stat.h> has them on Linux and macOS.
    private static final int TYPE = 0xF000;
    private static final int FIFO = 0x1000;
    private static final int CHARACTERS = 0x2000;
    private static final int BLOCKS = 0x6000;
    private static final int SOCKETS = 0xC000;

    private final String words;

    FileKind(String words) {
        this.words = words;
    }

    /**
     * Looks; opens nothing.
     *
     * @throws IOException if the path cannot be looked at, as where a folder on the way to it may not be entered
     */
    public static FileKind of(Path path) throws IOException {
        BasicFileAttributes attributes;
        try {
            attributes = Files.readAttributes(path, BasicFileAttributes.class);
        } catch (java.nio.file.NoSuchFileException e) {
            return MISSING;
        } catch (FileSystemException e) {
            // "Not a directory": a file stands where the path has a folder.
            if (e.getReason() != null && e.getReason().contains("Not a directory")) {
                return MISSING;
            }
            throw e;
        }
        if (attributes.isRegularFile()) {
            return REGULAR;
        }
        if (attributes.isDirectory()) {
            return DIRECTORY;
        }
        try {
            return switch ((Integer) Files.getAttribute(path, "unix:mode") & TYPE) {
                case FIFO -> PIPE;
                case CHARACTERS -> CHARACTER_DEVICE;
                case BLOCKS -> BLOCK_DEVICE;
                case SOCKETS -> SOCKET;
                default -> SPECIAL;
            };
        } catch (UnsupportedOperationException | IllegalArgumentException e) {
            return SPECIAL;
        }
    }

    /** For a message: "a pipe". */
    public String words() {
        return words;
    }
}
