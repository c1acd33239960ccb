package dev.chorus.cli.lines;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.files.FileFault;
import dev.chorus.files.WholeFile;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.Set;

/**
 * A file of JSON objects that is there as a whole or not at all, as {@link WholeFile} has it; or the standard output, for
 * {@code -}.
 */
public final class OutputLines implements AutoCloseable {
    /** Opening the latter anew would begin to write at the start of a file that the shell appends to. */
    private static final Set<Path> STANDARD_OUTPUT =
            Set.of(Path.of("-"), Path.of("/dev/stdout"), Path.of("/dev/fd/1"), Path.of("/proc/self/fd/1"));

    private static final Path STANDARD_OUTPUT_NAME = Path.of("standard output");
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Null where the lines go to the standard output. */
    private final WholeFile file;

    private final OutputStream stream;

    /**
     * Begins a file whose folder exists.
     *
     * @param replace a file that is there may be replaced
     */
    public OutputLines(Path target, boolean replace) throws IOException {
        file = isStandardOutput(target) ? null : WholeFile.begin(target, replace);
        stream = new BufferedOutputStream(
                file == null ? new FileOutputStream(FileDescriptor.out) : file.stream(), 1 << 16);
    }

    /** Whether the lines of this target go to the standard output, where then nothing else belongs. */
    static boolean isStandardOutput(Path target) {
        return STANDARD_OUTPUT.contains(target);
    }

    /** What messages call a target: its path, or "standard output". */
    static Path name(Path target) {
        return isStandardOutput(target) ? STANDARD_OUTPUT_NAME : target;
    }

    /** Adds a line. */
    public void write(ObjectNode fields) throws IOException {
        byte[] line = JSON.writeValueAsString(fields).getBytes(StandardCharsets.UTF_8);
        try {
            stream.write(line);
            stream.write('\n');
        } catch (IOException e) {
            throw named(e);
        }
    }

    /** Puts the file in its place. */
    public void commit() throws IOException {
        try {
            stream.flush();
            if (file != null) {
                file.commit();
            }
        } catch (FileAlreadyExistsException e) {
            throw new FileAlreadyExistsException(e.getFile(), null, e.getReason() + "; --force replaces it");
        } catch (IOException e) {
            throw named(e);
        }
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }

    /** Errors of a file know their name. */
    private IOException named(IOException e) {
        return file == null ? FileFault.of(STANDARD_OUTPUT_NAME, e) : e;
    }
}
