package dev.chorus.stage;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * Which engine made a result, and on what kind of machine: two results with one fingerprint, configuration and data are equal to the
 * last bit.
 *
 * @param commit git commit of the build, with "-dirty" if the tree had changes; "unknown" outside git
 * @param hash   SHA-256 (hex) over the engine's classes and native libraries, the versions of the libraries it stands on, and the
 *               {@link Arithmetic} of this machine; two builds of one source are equal
 */
public record BuildFingerprint(String commit, String hash) {
    /** This process's; loads LibTorch and the kernels. */
    public static BuildFingerprint current() {
        try {
            return new BuildFingerprint(commitOfBuild(), hashOfEngine());
        } catch (IOException | URISyntaxException e) {
            throw new IllegalStateException("cannot read the engine's own classes: " + e.getMessage(), e);
        }
    }

    private static String commitOfBuild() {
        Properties properties = Dependencies.build();
        String commit = properties.getProperty("git.commit.id.abbrev", "unknown");
        return Boolean.parseBoolean(properties.getProperty("git.dirty")) ? commit + "-dirty" : commit;
    }

    private static String hashOfEngine() throws IOException, URISyntaxException {
        URI place = BuildFingerprint.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI();
        Path path = Path.of(place);
        if (Files.isDirectory(path)) {
            return hash(path, Arithmetic.here());
        }
        try (FileSystem jar = FileSystems.newFileSystem(path, Map.of())) {
            return hash(jar.getPath("/"), Arithmetic.here());
        }
    }

    /** Of what lies below a folder, and how it computes. */
    static String hash(Path root, Arithmetic arithmetic) throws IOException {
        List<Path> files;
        try (Stream<Path> walk = Files.walk(root)) {
            files = walk.filter(BuildFingerprint::decides)
                    .sorted(Comparator.comparing(file -> name(root, file)))
                    .toList();
        }
        MessageDigest digest = Hashes.digest();
        for (Path file : files) {
            // Names and hashes have no length that a content could imitate.
            digest.update((name(root, file) + '\n' + Hashes.of(file) + '\n').getBytes(StandardCharsets.UTF_8));
        }
        digest.update(arithmetic.toString().getBytes(StandardCharsets.UTF_8));
        return Hashes.hex(digest);
    }

    private static String name(Path root, Path file) {
        return root.relativize(file).toString().replace('\\', '/');
    }

    /** Classes and the kernels' libraries, for processors and for GPUs; data files are hashed where they are used. */
    private static boolean decides(Path file) {
        String name = file.getFileName() == null ? "" : file.getFileName().toString();
        return name.endsWith(".class") || name.startsWith("libchorus.") || name.startsWith("libchorus_");
    }
}
