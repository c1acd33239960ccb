package dev.chorus.cli.lines;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.data.DataException;
import dev.chorus.data.JsonLines;
import dev.chorus.data.TextLines;
import dev.chorus.files.FileFault;
import dev.chorus.files.FileKind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** The JSON Lines that a command works on: a file, a pipe, or {@code -} for the standard input. */
public final class InputLines {
    /** Stands for the standard input; a file of this name is {@code ./-}. */
    private static final Path STANDARD_INPUT = Path.of("-");

    private InputLines() {}

    /** What messages call a file: its path, or "standard input". */
    static Path name(Path file) {
        return file.equals(STANDARD_INPUT) ? Path.of("standard input") : file;
    }

    /**
     * Reads all lines.
     *
     * @param required fields that every line must have, as strings
     * @param bad      hears of every line that cannot be used
     * @return the good lines in order
     * @throws DataException if there is no such file, no good line in it, or a bad one that is not skipped
     */
    public static List<JsonLine> read(Path file, List<String> required, BadLines bad) {
        List<JsonLine> good = new ArrayList<>();
        try {
            FileChannel channel = channel(file);
            InputStream in = channel == null ? stream(file) : Channels.newInputStream(channel);
            // Not closed: the standard input is not ours, and lines of a file are read again.
            TextLines lines = new TextLines(name(file).toString(), in);
            JsonLines.read(
                    lines,
                    (line, fields) -> {
                        require(fields, required);
                        good.add(new JsonLine(name(file), line, channel));
                    },
                    (number, problem) -> bad.add(Math.toIntExact(number), problem));
        } catch (IOException e) {
            throw new DataException(name(file), 0, "cannot be read: " + FileFault.words(e), e);
        }
        if (good.isEmpty()) {
            throw new DataException(
                    name(file), 0, "holds no usable line; expected one JSON object a line with " + required);
        }
        return good;
    }

    /** Of a file that can be read more than once; null if it cannot. */
    private static FileChannel channel(Path file) throws IOException {
        return !file.equals(STANDARD_INPUT) && FileKind.of(file) == FileKind.REGULAR
                ? FileChannel.open(file, StandardOpenOption.READ)
                : null;
    }

    /** What can be read once and to an end. A terminal is a character device too, so the standard input is read whatever it is. */
    private static InputStream stream(Path file) throws IOException {
        if (file.equals(STANDARD_INPUT)) {
            return System.in;
        }
        FileKind kind = FileKind.of(file);
        if (kind == FileKind.PIPE) {
            return Files.newInputStream(file);
        }
        if (kind == FileKind.MISSING) {
            throw new DataException(file, 0, "no such file");
        }
        if (kind == FileKind.CHARACTER_DEVICE && file.toRealPath().equals(Path.of("/dev/null"))) {
            return InputStream.nullInputStream();
        }
        throw new DataException(
                file, 0, "is " + kind.words() + "; expected a file, a pipe, or - for the standard input");
    }

    private static void require(ObjectNode fields, List<String> required) throws JsonLines.Problem {
        for (String key : required) {
            JsonNode value = fields.path(key);
            if (!value.isTextual()) {
                throw new JsonLines.Problem(
                        "'" + key + "': expected text, got " + (value.isMissingNode() ? "nothing" : value.toString()));
            }
        }
    }
}
