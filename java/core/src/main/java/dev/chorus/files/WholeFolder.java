package dev.chorus.files;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder that appears whole or not at all: it is filled under a temporary name beside the target, its files are forced to disk,
 * and then it is renamed. One process at a time may write a target: what is found under the temporary name counts as left by a
 * killed one.
 */
public final class WholeFolder {
    private static final String PREFIX = ".unfinished-";

    private WholeFolder() {}

    /** An empty folder to write to, beside the target. What a killed process left there is removed. */
    public static Path begin(Path target) throws IOException {
        Path unfinished = target.resolveSibling(PREFIX + target.getFileName());
        discard(unfinished);
        Files.createDirectories(unfinished);
        return unfinished;
    }

    /** Whether a folder is one that {@link #begin} has made. */
    public static boolean isUnfinished(Path folder) {
        return folder.getFileName() != null && folder.getFileName().toString().startsWith(PREFIX);
    }

    /**
     * Puts what was written in the target's place.
     *
     * @param replace a folder that is there is removed first; otherwise it must be empty
     */
    public static void commit(Path unfinished, Path target, boolean replace) throws IOException {
        try (Stream<Path> walk = Files.walk(unfinished)) {
            for (Path path : walk.filter(each -> Files.isRegularFile(each) || Files.isDirectory(each))
                    .toList()) {
                Durable.force(path);
            }
        }
        if (replace) {
            discard(target);
        }
        Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
        Durable.force(target.toAbsolutePath().getParent());
    }

    /** The files below a folder, sorted. */
    public static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> walk = Files.walk(folder)) {
            return walk.filter(Files::isRegularFile).sorted().toList();
        }
    }

    /** Removes a folder with all that is in it; links are removed, not followed. */
    public static void discard(Path folder) throws IOException {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> walk = Files.walk(folder)) {
            walk.sorted(Comparator.reverseOrder()).forEach(path -> {
                try {
                    Files.delete(path);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
