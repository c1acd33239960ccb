package dev.chorus.text;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The native library that runs tokenizers. DJL unpacks it into a folder and, when it is there, loads it unseen; so the folder must
 * be one that nobody else can write to. It is {@code chorus} in the user's cache ({@code $XDG_CACHE_HOME}, or {@code .cache} in
 * the home), of mode 700, whose owner is the user and which no other may replace; where that is not to be had, a new folder for
 * this process alone.
 */
public final class TokenizerLibrary {
    private static final String FOLDER = "ENGINE_CACHE_DIR";
    private static final String OWN_LIBRARY = "RUST_LIBRARY_PATH";

    private static Path folder;

    private TokenizerLibrary() {}

    /**
     * Loads the library, once.
     *
     * @return the folder that it was unpacked to
     * @throws TokenizerException if it cannot be unpacked or loaded, or the environment names a folder that others can write to
     */
    public static synchronized Path load() {
        if (folder != null) {
            return folder;
        }
        // With a CUDA runtime in sight, DJL would try to download a GPU build of the library.
        System.setProperty("ai.djl.offline", "true");
        if (System.getProperty("RUST_FLAVOR") == null) {
            System.setProperty("RUST_FLAVOR", "cpu");
        }
        try {
            Path chosen = folder(System.getenv(), Path.of(System.getProperty("user.home")));
            System.setProperty(FOLDER, chosen.toString());
            LibUtils.checkStatus();
            folder = chosen;
            return chosen;
        } catch (IOException e) {
            throw new TokenizerException("tokenizer library", "no folder to unpack it to: " + e.getMessage(), e);
        } catch (RuntimeException | LinkageError e) {
            if (e instanceof TokenizerException own) {
                throw own;
            }
            throw new TokenizerException(
                    "tokenizer library", "does not load: " + innermost(e) + "; chorus doctor looks at it", e);
        }
    }

    private static String innermost(Throwable e) {
        Throwable inner = e;
        while (inner.getCause() != null) {
            inner = inner.getCause();
        }
        return String.valueOf(inner.getMessage()).lines().findFirst().orElse("");
    }

    /** Where the library is unpacked, given these variables and this home. */
    static Path folder(Map<String, String> environment, Path home) throws IOException {
        for (String variable : Set.of(OWN_LIBRARY, FOLDER)) {
            // The binding looks at the environment before it looks at what is set here.
            String named = environment.getOrDefault(variable, "");
            if (!named.isEmpty()) {
                Optional<String> danger = Files.exists(Path.of(named)) ? danger(Path.of(named)) : Optional.empty();
                if (danger.isPresent()) {
                    throw new TokenizerException(
                            variable + "=" + named, danger.get() + "; a library is not loaded from there");
                }
                if (variable.equals(FOLDER)) {
                    return Path.of(named);
                }
            }
        }
        String cache = environment.getOrDefault("XDG_CACHE_HOME", "");
        Path parent = cache.isEmpty() || !Path.of(cache).isAbsolute() ? home.resolve(".cache") : Path.of(cache);
        Path own = parent.resolve("chorus");
        try {
            if (isPosix(home)) {
                Files.createDirectories(parent);
                if (!Files.exists(own, LinkOption.NOFOLLOW_LINKS)) {
                    Files.createDirectory(
                            own, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
                }
            } else {
                Files.createDirectories(own);
            }
            if (Files.isWritable(own) && danger(own).isEmpty()) {
                return own;
            }
        } catch (FileSystemException e) {
            // No home, or one that cannot be written to: a container's user often has none.
            return ofThisProcess();
        }
        return ofThisProcess();
    }

    /** A folder that goes when the process ends; its name cannot be foreseen, and its mode is 700. */
    private static Path ofThisProcess() throws IOException {
        Path made = Files.createTempDirectory("chorus-");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(made), "delete " + made));
        return made;
    }

    private static void delete(Path folder) {
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | UncheckedIOException e) {
            // The process ends; what stays is a folder that only its owner can look into.
            return;
        }
    }

    /** How somebody else could put a library there; empty if nobody can. */
    static Optional<String> danger(Path folder) throws IOException {
        Path real = folder.toRealPath();
        if (!isPosix(real)) {
            return Optional.empty();
        }
        String user = System.getProperty("user.name");
        for (Path step = real; step != null; step = step.getParent()) {
            PosixFileAttributes attributes = Files.readAttributes(step, PosixFileAttributes.class);
            String owner = attributes.owner().getName();
            if (!owner.equals(user) && !owner.equals("root")) {
                return Optional.of(step + " belongs to " + owner);
            }
            Set<PosixFilePermission> permissions = attributes.permissions();
            boolean open = permissions.contains(PosixFilePermission.OTHERS_WRITE)
                    || permissions.contains(PosixFilePermission.GROUP_WRITE);
            // In a sticky folder above, others can add files, but neither remove nor rename the next step.
            if (open && (step.equals(real) || !sticky(step))) {
                return Optional.of("others can write to " + step);
            }
        }
        return Optional.empty();
    }

    private static boolean sticky(Path folder) throws IOException {
        return ((Integer) Files.getAttribute(folder, "unix:mode") & 01000) != 0;
    }

    private static boolean isPosix(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }
}
