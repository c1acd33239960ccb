package dev.chorus.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where a model's files lie. The cache of the Hub's downloads has a folder {@code models--ORG--NAME} with a folder for every
 * revision; the one that {@code refs/main} names is taken, as transformers does.
 */
public final class ModelPath {
    /** Bytes of the name of a revision, with room. */
    private static final int LONGEST = 200;

    private ModelPath() {}

    /**
     * The folder itself, or the snapshot inside a folder of the download cache.
     *
     * @throws TokenizerException if it is such a folder without a usable snapshot; says what to name instead
     */
    public static Path of(Path folder) throws IOException {
        Path snapshots = folder.resolve("snapshots");
        if (!Files.isDirectory(snapshots) || FolderFile.exists(folder.resolve("config.json"))) {
            return folder;
        }
        Path main = folder.resolve("refs").resolve("main");
        String problem = FolderFile.problem(main, LONGEST);
        String revision = problem.isEmpty()
                ? Files.readString(main, StandardCharsets.ISO_8859_1).strip()
                : "";
        if (revision.matches("[0-9A-Za-z_-]+") && Files.isDirectory(snapshots.resolve(revision))) {
            return snapshots.resolve(revision);
        }
        List<String> names;
        try (Stream<Path> found = Files.list(snapshots)) {
            names = found.map(path -> path.getFileName().toString()).sorted().toList();
        }
        throw new TokenizerException(
                folder.toString(),
                "is a folder of a download cache, and " + main + " names no snapshot in it; name one of them yourself: "
                        + snapshots + "/" + Shown.names(names));
    }
}
