package dev.chorus.stage;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * Which engine made a result.
 *
 * @param commit git commit of the build, with "-dirty" if the tree had changes; "unknown" outside git
 * @param hash   SHA-256 (hex) over the engine's classes and native library: two builds of one source are equal
 */
public record BuildFingerprint(String commit, String hash) {
    public static BuildFingerprint current() {
        try {
            return new BuildFingerprint(commitOfBuild(), hashOfClasses());
        } catch (IOException | URISyntaxException e) {
            throw new IllegalStateException("cannot read the engine's own classes: " + e.getMessage(), e);
        }
    }

    private static String commitOfBuild() throws IOException {
        Properties properties = new Properties();
        try (InputStream in = BuildFingerprint.class.getResourceAsStream("/dev/chorus/build.properties")) {
            if (in != null) {
                properties.load(in);
            }
        }
        String commit = properties.getProperty("git.commit.id.abbrev", "unknown");
        return Boolean.parseBoolean(properties.getProperty("git.dirty")) ? commit + "-dirty" : commit;
    }

    private static String hashOfClasses() throws IOException, URISyntaxException {
        URI place = BuildFingerprint.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI();
        Path path = Path.of(place);
        if (Files.isDirectory(path)) {
            return hash(path);
        }
        try (FileSystem jar = FileSystems.newFileSystem(path, Map.of())) {
            return hash(jar.getPath("/"));
        }
    }

    private static String hash(Path root) throws IOException {
        List<Path> files;
        try (Stream<Path> walk = Files.walk(root)) {
            files = walk.filter(BuildFingerprint::decides)
                    .sorted((a, b) -> root.relativize(a)
                            .toString()
                            .compareTo(root.relativize(b).toString()))
                    .toList();
        }
        MessageDigest digest = Hashes.digest();
        for (Path file : files) {
            digest.update(Files.readAllBytes(file));
        }
        return Hashes.hex(digest);
    }

    /** Classes and the kernels' library; data files are hashed where they are used. */
    private static boolean decides(Path file) {
        String name = file.getFileName() == null ? "" : file.getFileName().toString();
        return name.endsWith(".class") || name.startsWith("libchorus.");
    }
}
