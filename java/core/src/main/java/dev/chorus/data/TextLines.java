package dev.chorus.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * Reads a text line by line, strictly, and holds one line at a time: the one reader of plain text and JSON Lines.
 *
 * <ul>
 *   <li>The text is UTF-8; a byte order mark at its start is skipped. UTF-16, UTF-32 and compressed files are refused as a whole.
 *   <li>Lines end in LF or CR LF; the last may lack its end.
 *   <li>A line that is not UTF-8, holds a NUL or a lone carriage return, begins with another mark, or is longer than
 *       {@value #LONGEST} bytes, comes with a {@link Line#problem}; reading can go on behind it.
 * </ul>
 */
public final class TextLines implements AutoCloseable {
    /** Bytes of the longest line. */
    public static final int LONGEST = 64 << 20;

    private final Path name;
    private final InputStream in;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    private final byte[] buffer = new byte[1 << 16];
    private int from;
    private int to;
    private byte[] line = new byte[1 << 10];
    private int length;
    private boolean tooLong;
    private long number;
    private long offset;

    /**
     * One line.
     *
     * @param number  from 1
     * @param offset  bytes of the file before it
     * @param text    without its end; empty if there is a problem
     * @param problem why it is no text, for people; empty if it is
     */
    public record Line(long number, long offset, String text, String problem) {
        /** Whether it is text of nothing but white space. */
        public boolean isBlank() {
            return problem.isEmpty() && text.isBlank();
        }
    }

    /**
     * Begins to read.
     *
     * @param name what messages call it
     * @param in   closed with this
     * @throws DataException if it is none of the texts above as a whole; says what it is and how to convert it
     */
    public TextLines(String name, InputStream in) throws IOException {
        this.name = Path.of(name);
        this.in = in;
        to = Math.max(0, in.readNBytes(buffer, 0, 512));
        refuseForeign();
        if (startsWith(0xEF, 0xBB, 0xBF)) {
            from = 3;
            offset = 3;
        }
    }

    /** The next line, or null behind the last. */
    public Line next() throws IOException {
        long start = offset;
        if (!readLine()) {
            return null;
        }
        number++;
        int end = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
        String problem = tooLong ? "is longer than " + LONGEST + " bytes" : problemOfBytes(end);
        if (!problem.isEmpty()) {
            return new Line(number, start, "", problem);
        }
        ByteBuffer bytes = ByteBuffer.wrap(line, 0, end);
        CharBuffer text = CharBuffer.allocate(end);
        decoder.reset();
        CoderResult result = decoder.decode(bytes, text, true);
        if (result.isError()) {
            return new Line(number, start, "", notUtf8(bytes.position(), start));
        }
        return new Line(number, start, text.flip().toString(), "");
    }

    @Override
    public void close() throws IOException {
        in.close();
    }

    /** Fills {@link #line} up to a line feed or the end; false if nothing is left. */
    private boolean readLine() throws IOException {
        length = 0;
        tooLong = false;
        boolean any = false;
        while (true) {
            if (from == to) {
                from = 0;
                to = Math.max(0, in.read(buffer));
                if (to == 0) {
                    return any;
                }
            }
            any = true;
            int at = from;
            while (at < to && buffer[at] != '\n') {
                at++;
            }
            append(at - from);
            boolean ended = at < to;
            int next = ended ? at + 1 : at;
            offset += next - from;
            from = next;
            if (ended) {
                return true;
            }
        }
    }

    private void append(int count) {
        if (tooLong || count > LONGEST - length) {
            tooLong = true;
            length = 0;
            return;
        }
        if (count > line.length - length) {
            line = Arrays.copyOf(line, (int) Math.min(LONGEST, Math.max(2L * line.length, length + (long) count)));
        }
        System.arraycopy(buffer, from, line, length, count);
        length += count;
    }

    private String problemOfBytes(int end) {
        if (end >= 3 && line[0] == (byte) 0xEF && line[1] == (byte) 0xBB && line[2] == (byte) 0xBF) {
            return "begins with a byte order mark (U+FEFF), as where files were joined; remove it";
        }
        for (int i = 0; i < end; i++) {
            if (line[i] == 0) {
                return "holds a NUL byte, at place " + (i + 1) + " of the line; no text has one";
            }
            if (line[i] == '\r') {
                return "holds a carriage return, at place " + (i + 1)
                        + " of the line; lines end in LF or CR LF, never in CR alone";
            }
        }
        return "";
    }

    private String notUtf8(int place, long start) {
        int value = line[place] & 0xFF;
        String latin = value < 0xA0
                ? ""
                : "; if the file is Latin-1, where this byte is '" + (char) value
                        + "', convert it: iconv -f LATIN1 -t UTF-8";
        return String.format(
                Locale.ROOT,
                "not UTF-8: byte 0x%02X at place %d of the line, %d of the file%s",
                value,
                place + 1,
                start + place + 1,
                latin);
    }

    private void refuseForeign() {
        String what = null;
        String cure = "";
        if (startsWith(0xFF, 0xFE, 0, 0) || startsWith(0, 0, 0xFE, 0xFF)) {
            what = "UTF-32";
            cure = "convert it: iconv -f UTF-32 -t UTF-8";
        } else if (startsWith(0xFF, 0xFE) || startsWith(0xFE, 0xFF)) {
            what = "UTF-16";
            cure = "convert it: iconv -f UTF-16 -t UTF-8";
        } else if (to >= 4 && (buffer[0] == 0 || buffer[1] == 0)) {
            boolean little = buffer[1] == 0 && buffer[0] != 0 && buffer[3] == 0;
            boolean big = buffer[0] == 0 && buffer[1] != 0 && buffer[2] == 0;
            what = little || big ? "UTF-16 without a mark" : "binary: it begins with NUL bytes";
            cure = little || big ? "convert it: iconv -f UTF-16" + (little ? "LE" : "BE") + " -t UTF-8" : "";
        } else if (startsWith(0x1F, 0x8B)) {
            what = "compressed with gzip";
            cure = "unpack it: gunzip";
        } else if (startsWith(0x28, 0xB5, 0x2F, 0xFD)) {
            what = "compressed with zstd";
            cure = "unpack it: zstd -d";
        } else if (startsWith('P', 'K', 3, 4)) {
            what = "a zip archive";
            cure = "unpack it: unzip";
        }
        if (what != null) {
            throw new DataException(
                    name, 0, "is " + what + "; expected text in UTF-8" + (cure.isEmpty() ? "" : ". " + cure));
        }
    }

    private boolean startsWith(int... bytes) {
        for (int i = 0; i < bytes.length; i++) {
            if (i >= to || (buffer[i] & 0xFF) != bytes[i]) {
                return false;
            }
        }
        return true;
    }
}
