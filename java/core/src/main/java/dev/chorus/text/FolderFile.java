package dev.chorus.text;

import dev.chorus.files.FileKind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A file of a stranger's folder, looked at before it is opened: a pipe or a device would be waited for or read for ever, a
 * sparse giant would fill the memory, and a link of a download cache may lead nowhere.
 */
public final class FolderFile {
    private static final byte[] LFS = "version https://git-lfs".getBytes(StandardCharsets.UTF_8);

    private FolderFile() {}

    /** Whether something stands there, be it a link that leads nowhere. */
    public static boolean exists(Path file) {
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * Why a file that {@linkplain #exists is there} should not be read, with the cure; empty if nothing speaks against it.
     *
     * @param most bytes that such a file has at most
     */
    public static String problem(Path file, long most) throws IOException {
        if (!Files.exists(file)) {
            return Files.isSymbolicLink(file)
                    ? "is a link to '" + Files.readSymbolicLink(file)
                            + "', which is not there; fetch the model again, or "
                            + "copy it with its links followed (cp -rL)"
                    : "is not there";
        }
        FileKind kind = FileKind.of(file);
        if (kind != FileKind.REGULAR) {
            return "is " + kind.words() + ", expected a regular file; it is not read";
        }
        long size = Files.size(file);
        if (size < 1024 && startsWith(file, LFS)) {
            return "is a Git LFS pointer, not the file itself; fetch it: git lfs install && git lfs pull";
        }
        return size > most ? "has " + size + " bytes, at most " + most + " are read; is it damaged?" : "";
    }

    private static boolean startsWith(Path file, byte[] beginning) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] first = in.readNBytes(beginning.length);
            return Arrays.equals(first, beginning);
        }
    }
}
