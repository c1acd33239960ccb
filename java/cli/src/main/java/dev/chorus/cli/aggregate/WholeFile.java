package dev.chorus.cli.aggregate;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.GZIPOutputStream;

/**
 * A text file that is there as a whole or not at all: it is written beside the target and renamed by {@link #commit}. A name that
 * ends in {@code .gz} is packed.
 */
final class WholeFile implements AutoCloseable {

    private final Path target;
    private final Path draft;
    private final BufferedWriter writer;
    private boolean committed;

    /** Begins a file whose folder exists. */
    WholeFile(Path target) throws IOException {
        this.target = target;
        Path absolute = target.toAbsolutePath();
        draft = absolute.resolveSibling(
                "." + absolute.getFileName() + "." + ProcessHandle.current().pid() + ".part");
        OutputStream out = Files.newOutputStream(draft);
        if (target.toString().endsWith(".gz")) {
            out = new GZIPOutputStream(out, 1 << 16);
        }
        writer = new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8), 1 << 16);
    }

    /** Adds text. */
    void write(CharSequence text) throws IOException {
        writer.append(text);
    }

    /** Puts the file in its place. */
    void commit() throws IOException {
        writer.close();
        Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        committed = true;
    }

    @Override
    public void close() throws IOException {
        if (!committed) {
            try {
                writer.close();
            } finally {
                Files.deleteIfExists(draft);
            }
        }
    }
}
