package dev.chorus.cli.lines;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A file of JSON objects that is there as a whole or not at all: lines go to a temporary file beside the target, which
 * {@link #commit} renames. Closing without it leaves the target as it was.
 */
public final class OutputLines implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path target;
    private final Path temporary;
    private final BufferedWriter writer;
    private boolean committed;

    /** Begins a file whose folder exists. */
    public OutputLines(Path target) throws IOException {
        this.target = target;
        Path absolute = target.toAbsolutePath();
        temporary = absolute.resolveSibling(
                "." + absolute.getFileName() + "." + ProcessHandle.current().pid() + ".part");
        writer = Files.newBufferedWriter(temporary, StandardCharsets.UTF_8);
    }

    /** Adds a line. */
    public void write(ObjectNode fields) throws IOException {
        writer.write(JSON.writeValueAsString(fields));
        writer.write('\n');
    }

    /** Puts the file in its place. */
    public void commit() throws IOException {
        writer.close();
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        committed = true;
    }

    @Override
    public void close() throws IOException {
        writer.close();
        if (!committed) {
            Files.deleteIfExists(temporary);
        }
    }
}
