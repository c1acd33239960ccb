package dev.chorus.cli.lines;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.data.DataException;
import dev.chorus.data.JsonLines;
import dev.chorus.data.TextLines;
import dev.chorus.files.FileFault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * One good line of a file. It knows where it stands and is read again when its fields are wanted, so that a large file need not be in
 * memory; a line of a pipe, which cannot be read again, is held as bytes.
 */
public final class JsonLine {
    private final Path file;
    private final int number;
    private final int length;
    private final int hash;

    /** Null where the bytes are held. */
    private final FileChannel channel;

    private final long offset;
    private final byte[] bytes;

    /**
     * A line that was read without a problem.
     *
     * @param file    what messages call it
     * @param channel of the file; null if it cannot be read again
     */
    JsonLine(Path file, TextLines.Line line, FileChannel channel) {
        byte[] text = line.text().getBytes(StandardCharsets.UTF_8);
        this.file = file;
        this.channel = channel;
        number = Math.toIntExact(line.number());
        offset = line.offset();
        length = text.length;
        hash = line.text().hashCode();
        bytes = channel == null ? text : null;
    }

    /** From 1. */
    public int number() {
        return number;
    }

    /** The text of a field that was asked for when the file was read. */
    public String text(String key) {
        return copy().get(key).textValue();
    }

    /**
     * All fields, in the order of the file: a copy, to add results to.
     *
     * @throws DataException if the file has changed since it was read
     */
    public ObjectNode copy() {
        try {
            String text = new String(bytes == null ? again() : bytes, StandardCharsets.UTF_8);
            if (text.hashCode() == hash) {
                return JsonLines.parse(new TextLines.Line(number, offset, text, ""));
            }
        } catch (IOException e) {
            throw new DataException(file, number, "cannot be read again: " + FileFault.words(e), e);
        } catch (JsonLines.Problem e) {
            throw new DataException(file, number, "was changed while it was in use: " + e.getMessage(), e);
        }
        throw new DataException(file, number, "was changed while it was in use; run the command again");
    }

    private byte[] again() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, offset + buffer.position()) < 0) {
                // Shorter than it was: the rest stays zero, which is no such line.
                break;
            }
        }
        return buffer.array();
    }
}
