package dev.chorus.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * A file's content, from the disk or from what the library carries.
 *
 * @param name    what messages call it
 * @param content its bytes
 */
public record DataSource(String name, byte[] content) {
    private static final String BUILT_IN = "builtin:";

    /** Copies the bytes. */
    public DataSource {
        content = content.clone();
    }

    @Override
    public byte[] content() {
        return content.clone();
    }

    /**
     * Opens "builtin:slurp/test.jsonl" (and its like) or a file, relative to a folder.
     *
     * @throws DataException if there is none, or it cannot be read
     */
    public static DataSource open(String reference, Path folder) {
        if (reference.startsWith(BUILT_IN)) {
            String resource = reference.substring(BUILT_IN.length());
            try (InputStream in = DataSource.class.getResourceAsStream(resource)) {
                if (in == null) {
                    throw new DataException(
                            Path.of(reference), 0, "no such built-in file; see 'data' in docs/configuration.md");
                }
                return new DataSource(reference, in.readAllBytes());
            } catch (IOException e) {
                throw new DataException(Path.of(reference), 0, "cannot be read: " + e.getMessage());
            }
        }
        Path file = folder.resolve(reference);
        if (!Files.isRegularFile(file)) {
            throw new DataException(file, 0, "no such file");
        }
        try {
            return new DataSource(file.toString(), Files.readAllBytes(file));
        } catch (IOException e) {
            throw new DataException(file, 0, "cannot be read: " + e.getMessage());
        }
    }

    /** The lines of a text file in UTF-8. */
    public List<String> lines() {
        return new String(content, StandardCharsets.UTF_8).lines().toList();
    }

    /** SHA-256 of the content, hex. */
    public String sha256() {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
