package dev.chorus.files;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads files that ought to be small, such as configurations: never a pipe or a device, and never more than a stated size. */
public final class SmallFile {
    private SmallFile() {}

    /**
     * The whole content.
     *
     * @param most bytes that are read
     * @throws NoSuchFileException if there is none
     * @throws FileSystemException with a reason if it is no regular file, or is larger; the message is for people
     * @throws IOException         if it cannot be read
     */
    public static byte[] read(Path file, int most) throws IOException {
        requireRegular(file);
        long size = Files.size(file);
        if (size > most) {
            throw tooLarge(file, size, most);
        }
        try (InputStream in = Files.newInputStream(file)) {
            // The size is what the file system says; some files, and those that grow, hold more.
            byte[] content = in.readNBytes(most);
            if (in.read() >= 0) {
                throw tooLarge(file, most + 1L, most);
            }
            return content;
        }
    }

    /**
     * Refuses what is no regular file, by name.
     *
     * @throws NoSuchFileException if there is none
     * @throws FileSystemException with a reason if it is a directory, a pipe, a device or a socket
     */
    public static void requireRegular(Path file) throws IOException {
        FileKind kind = FileKind.of(file);
        if (kind == FileKind.MISSING) {
            throw new NoSuchFileException(file.toString());
        }
        if (kind != FileKind.REGULAR) {
            throw new FileSystemException(file.toString(), null, "is " + kind.words() + "; expected a regular file");
        }
    }

    private static FileSystemException tooLarge(Path file, long size, int most) {
        return new FileSystemException(
                file.toString(), null, "has " + size + " bytes or more; a file of its kind has at most " + most);
    }
}
