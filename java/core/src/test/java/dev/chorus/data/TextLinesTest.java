package dev.chorus.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextLinesTest {
    @Test
    void linesEndInLfOrCrLfAndTheLastMayLackItsEnd() throws IOException {
        assertThat(texts("a\r\nb\n\n c ")).containsExactly("a", "b", "", " c ");
        assertThat(texts("a\n")).containsExactly("a");
        assertThat(texts("")).isEmpty();
        assertThat(texts("\n")).containsExactly("");
        // Line separators of Unicode are text, in JSON and here.
        assertThat(texts("a\u2028b\u0085c\n")).containsExactly("a\u2028b\u0085c");
    }

    @Test
    void aMarkAtTheStartIsSkippedAndOneLaterNamed() throws IOException {
        List<TextLines.Line> lines = read(utf8("\uFEFFa\n\uFEFFb\nc"));
        assertThat(lines.get(0)).isEqualTo(new TextLines.Line(1, 3, "a", ""));
        assertThat(lines.get(1).problem()).contains("byte order mark");
        assertThat(lines.get(2)).isEqualTo(new TextLines.Line(3, 10, "c", ""));
    }

    @Test
    void whatIsNotUtf8IsNamedWithItsByteAndReadingGoesOn() throws IOException {
        List<TextLines.Line> lines = read("x\ncaf\u00e9\ny".getBytes(StandardCharsets.ISO_8859_1));
        assertThat(lines.get(1).problem())
                .isEqualTo(
                        "not UTF-8: byte 0xE9 at place 4 of the line, 6 of the file; if the file is Latin-1, where this byte "
                                + "is '\u00e9', convert it: iconv -f LATIN1 -t UTF-8");
        assertThat(lines.get(2).text()).isEqualTo("y");
        // A letter cut short by the line's end; surrogates; an overlong slash; a value above U+10FFFF.
        for (byte[] bad : new byte[][] {
            {(byte) 0xC3, '\n'},
            {(byte) 0xED, (byte) 0xA0, (byte) 0x80},
            {(byte) 0xC0, (byte) 0xAF},
            {(byte) 0xF4, (byte) 0x90, (byte) 0x80, (byte) 0x80}
        }) {
            assertThat(read(bad).get(0).problem()).startsWith("not UTF-8: byte 0x");
        }
    }

    @Test
    void aNulOrALoneCarriageReturnIsNamed() throws IOException {
        assertThat(read(utf8("text\na\0b")).get(1).problem()).startsWith("holds a NUL byte, at place 2");
        assertThat(read(utf8("a\rb\n")).get(0).problem()).startsWith("holds a carriage return, at place 2");
    }

    @ParameterizedTest
    @CsvSource({
        "UTF-16, is UTF-16; expected text in UTF-8. convert it: iconv -f UTF-16 -t UTF-8",
        "x-UTF-16LE-BOM, is UTF-16;",
        "UTF-16LE, is UTF-16 without a mark; expected text in UTF-8. convert it: iconv -f UTF-16LE -t UTF-8",
        "UTF-16BE, is UTF-16 without a mark; expected text in UTF-8. convert it: iconv -f UTF-16BE -t UTF-8",
        "X-UTF-32LE-BOM, is UTF-32;",
        "UTF-32, is binary",
    })
    void otherEncodingsAreRefusedByName(String encoding, String problem) {
        byte[] bytes = "{\"a\": \"text\"}\n".getBytes(Charset.forName(encoding));
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> read(bytes))
                .withMessageStartingWith("some.txt: " + problem);
    }

    @Test
    void compressedFilesAreRefusedByName() {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> read(new byte[] {0x1F, (byte) 0x8B, 8, 0}))
                .withMessage("some.txt: is compressed with gzip; expected text in UTF-8. unpack it: gunzip");
    }

    @Test
    void aLineWithoutAnEndIsNotHeldForEver() throws IOException {
        long size = TextLines.LONGEST + 5_000_000L;
        InputStream endless = new InputStream() {
            private long left = size;

            @Override
            public int read() {
                return left-- > 0 ? 'x' : left == -1 ? '\n' : left == -2 ? 'y' : -1;
            }

            @Override
            public int read(byte[] into, int from, int count) {
                int done = 0;
                for (int c; done < count && (c = read()) >= 0; done++) {
                    into[from + done] = (byte) c;
                }
                return done == 0 ? -1 : done;
            }
        };
        try (TextLines lines = new TextLines("long.txt", endless)) {
            assertThat(lines.next().problem()).isEqualTo("is longer than 67108864 bytes");
            assertThat(lines.next()).isEqualTo(new TextLines.Line(2, size + 1, "y", ""));
            assertThat(lines.next()).isNull();
        }
    }

    private static List<String> texts(String text) throws IOException {
        return read(utf8(text)).stream()
                .peek(line -> assertThat(line.problem()).isEmpty())
                .map(TextLines.Line::text)
                .toList();
    }

    private static List<TextLines.Line> read(byte[] bytes) throws IOException {
        List<TextLines.Line> all = new ArrayList<>();
        try (TextLines lines = new TextLines("some.txt", new ByteArrayInputStream(bytes))) {
            for (TextLines.Line line = lines.next(); line != null; line = lines.next()) {
                all.add(line);
            }
        }
        return all;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
