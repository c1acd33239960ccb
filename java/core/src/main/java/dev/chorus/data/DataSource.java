package dev.chorus.data;

import dev.chorus.files.FileFault;
import dev.chorus.files.FileKind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * A file, from the disk or from what the library carries. It is read in streams, and hashed as it is read, so its size does not
 * matter; a file that changes between two readings is noticed.
 */
public final class DataSource {
    private static final String BUILT_IN = "builtin:";

    /** Bytes of the largest content that is held as a whole; tokenizers are far smaller. */
    private static final int LARGEST = 256 << 20;

    /** Opens a new stream from the start. */
    @FunctionalInterface
    private interface Opener {
        InputStream open() throws IOException;
    }

    /** Hears of lines. */
    @FunctionalInterface
    interface LineReader {
        void read(TextLines lines) throws IOException;
    }

    private final String name;
    private final Opener opener;
    private String digest;

    /**
     * Content that is in memory already.
     *
     * @param name    what messages call it
     * @param content its bytes, copied
     */
    public DataSource(String name, byte[] content) {
        this.name = name;
        byte[] copy = content.clone();
        opener = () -> new ByteArrayInputStream(copy);
    }

    private DataSource(String name, Opener opener) {
        this.name = name;
        this.opener = opener;
    }

    /**
     * Finds "builtin:slurp/test.jsonl" (and its like) or a file, relative to a folder.
     *
     * @throws DataException if there is none, or it is no regular file
     */
    public static DataSource open(String reference, Path folder) {
        if (reference.startsWith(BUILT_IN)) {
            String resource = reference.substring(BUILT_IN.length());
            if (DataSource.class.getResource(resource) == null) {
                throw new DataException(
                        Path.of(reference), 0, "no such built-in file; see 'data' in docs/configuration.md");
            }
            return new DataSource(reference, () -> DataSource.class.getResourceAsStream(resource));
        }
        Path file = folder.resolve(reference);
        FileKind kind;
        try {
            kind = FileKind.of(file);
        } catch (IOException e) {
            throw new DataException(file, 0, "cannot be read: " + FileFault.words(e), e);
        }
        if (kind == FileKind.MISSING) {
            throw new DataException(file, 0, "no such file");
        }
        if (kind != FileKind.REGULAR) {
            throw new DataException(
                    file, 0, "is " + kind.words() + "; expected a regular file, since it is read more than once");
        }
        return new DataSource(file.toString(), () -> Files.newInputStream(file));
    }

    /** What messages call it. */
    public String name() {
        return name;
    }

    /**
     * All its bytes, for files that are small by their nature.
     *
     * @throws DataException if there are more than 256 MiB
     */
    public byte[] content() {
        List<byte[]> content = new ArrayList<>(1);
        pass(in -> {
            content.add(in.readNBytes(LARGEST));
            if (in.read() >= 0) {
                throw new DataException(Path.of(name), 0, "has more than " + LARGEST + " bytes; is it the right file?");
            }
        });
        return content.get(0);
    }

    /**
     * The lines of a text in UTF-8.
     *
     * @throws DataException at the first line that is none; names it
     */
    public List<String> lines() {
        List<String> all = new ArrayList<>();
        read(lines -> {
            for (TextLines.Line line = lines.next(); line != null; line = lines.next()) {
                if (!line.problem().isEmpty()) {
                    throw new DataException(Path.of(name), line.number(), line.problem());
                }
                all.add(line.text());
            }
        });
        return List.copyOf(all);
    }

    /** Gives the lines to a reader, one at a time. */
    void read(LineReader reader) {
        pass(in -> {
            try (TextLines lines = new TextLines(name, in)) {
                reader.read(lines);
            }
        });
    }

    /** SHA-256 of the content, hex. */
    public synchronized String sha256() {
        if (digest == null) {
            pass(in -> in.transferTo(OutputStream.nullOutputStream()));
        }
        return digest;
    }

    /** What one reading does; it reads to the end, or throws. */
    @FunctionalInterface
    private interface Pass {
        void over(InputStream in) throws IOException;
    }

    private synchronized void pass(Pass pass) {
        MessageDigest sha256;
        try {
            sha256 = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
        try (DigestInputStream in = new DigestInputStream(opener.open(), sha256)) {
            pass.over(in);
        } catch (IOException e) {
            throw new DataException(Path.of(name), 0, "cannot be read: " + FileFault.words(e), e);
        }
        String found = HexFormat.of().formatHex(sha256.digest());
        if (digest != null && !digest.equals(found)) {
            throw new DataException(Path.of(name), 0, "was changed while it was read; run the command again");
        }
        digest = found;
    }
}
