package dev.chorus.stage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.config.ConfigException;
import dev.chorus.files.WholeFolder;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Finished stages on disk, each under the hash of all that it depends on.
 *
 * <p>A stage's folder appears whole or not at all: it is written under a temporary name, its files are forced to disk, a
 * manifest with their SHA-256 is added, and then the folder is renamed. A folder whose files do not match its manifest counts
 * as missing. One process at a time uses a store.
 */
public final class StageStore implements AutoCloseable {
    private static final String MANIFEST = "manifest.json";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path root;
    private final FileChannel lockFile;
    private final FileLock lock;

    /**
     * Opens the store of a run's folder, making both if needed, and clears what a killed run left unfinished.
     *
     * @throws ConfigException if another process uses it
     */
    public StageStore(Path folder) throws IOException {
        root = folder.resolve("stages");
        Files.createDirectories(root);
        lockFile = FileChannel.open(root.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        lock = tryLock(lockFile);
        if (lock == null) {
            lockFile.close();
            throw new ConfigException(
                    folder + ": another run is using this folder; wait for it or choose another --out");
        }
        try (Stream<Path> kinds = Files.list(root)) {
            for (Path kind : kinds.filter(Files::isDirectory).toList()) {
                try (Stream<Path> stages = Files.list(kind)) {
                    for (Path left : stages.filter(WholeFolder::isUnfinished).toList()) {
                        WholeFolder.discard(left);
                    }
                }
            }
        }
    }

    private StageStore(Path root, FileChannel lockFile, FileLock lock) {
        this.root = root;
        this.lockFile = lockFile;
        this.lock = lock;
    }

    /** A store to look into: nothing is made, locked or cleared, and a run in progress goes on. */
    public static StageStore toRead(Path folder) {
        return new StageStore(folder.resolve("stages"), null, null);
    }

    private static FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    /** Where a stage's output is, or will be. */
    public Path folder(Stage stage) {
        String name = stage.id().substring(stage.kind().length() + 1).replace('/', '-');
        return root.resolve(stage.kind()).resolve(name + "-" + stage.hash().substring(0, 12));
    }

    /** Whether a stage is finished; a damaged one is reported and counts as missing. */
    public boolean has(Stage stage, ProgressListener listener) {
        Path folder = folder(stage);
        if (!Files.isDirectory(folder)) {
            return false;
        }
        String damage = damage(folder, stage.hash());
        if (damage != null) {
            listener.note("stage " + stage.id() + " is damaged (" + damage + ") and will be computed again");
        }
        return damage == null;
    }

    /** A folder for a stage to write to. */
    public Path begin(Stage stage) throws IOException {
        return WholeFolder.begin(folder(stage));
    }

    /** Makes what was written to {@link #begin}'s folder the stage's output. */
    public void finish(Stage stage, Path folder) throws IOException {
        ObjectNode manifest = JSON.createObjectNode();
        manifest.put("stage", stage.id());
        manifest.put("hash", stage.hash());
        ObjectNode files = manifest.putObject("files");
        for (Path file : WholeFolder.files(folder)) {
            files.put(folder.relativize(file).toString(), Hashes.of(file));
        }
        Path manifestFile = folder.resolve(MANIFEST);
        Files.writeString(manifestFile, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(manifest) + "\n");
        WholeFolder.commit(folder, folder(stage), true);
    }

    /** Throws away what a failed stage has written. */
    public void abandon(Path folder) throws IOException {
        WholeFolder.discard(folder);
    }

    @Override
    public void close() throws IOException {
        if (lock != null) {
            lock.release();
            lockFile.close();
        }
    }

    private static String damage(Path folder, String hash) {
        try {
            Path manifestFile = folder.resolve(MANIFEST);
            if (!Files.isRegularFile(manifestFile)) {
                return "no " + MANIFEST;
            }
            JsonNode manifest = JSON.readTree(Files.readString(manifestFile));
            if (!manifest.path("hash").asText().equals(hash)) {
                return MANIFEST + " belongs to another stage";
            }
            for (Map.Entry<String, JsonNode> entry : manifest.path("files").properties()) {
                Path file = folder.resolve(entry.getKey());
                if (!Files.isRegularFile(file)
                        || !Hashes.of(file).equals(entry.getValue().asText())) {
                    return entry.getKey() + " is missing or changed";
                }
            }
            return null;
        } catch (IOException e) {
            return e.getMessage();
        }
    }
}
