package dev.chorus.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Files of JSON Lines that have been tampered with. Each is read in pieces of random length, and what comes out is compared with a
 * second reader that has the whole file in memory and splits it before it decodes: the same lines are good, with the same text and
 * number, and nothing but {@link DataException} is thrown.
 *
 * <p>A long run: {@code mvn -pl java/core test -Dtest=JsonLinesFuzzTest -Dchorus.fuzz=5000000}; {@code -Dchorus.fuzz.seed} begins
 * elsewhere.
 */
class JsonLinesFuzzTest {
    private static final int FILES = Integer.getInteger("chorus.fuzz", 20_000);
    private static final ObjectMapper PLAIN = new ObjectMapper();

    /** Keeps the digits of numbers. */
    private static final ObjectMapper EXACT = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private static final String[] PIECES = {
        "\n",
        "\r\n",
        "\r",
        "\n\n",
        "\0",
        "\uFEFF",
        "é",
        "e\u0301",
        "🙂",
        "\\ud83d",
        "\\ud83d\\ude42",
        "\u2028",
        "{",
        "}",
        "[",
        "]",
        "\"",
        ",",
        ":",
        "{}",
        "null",
        "NaN",
        "-Infinity",
        "1e999",
        "0.10",
        "1",
        "\"a\":1,",
        "\"a\":2",
        "{\"a\":{\"b\":1," + "\"b\":2}}",
        " ",
        "\t",
        "\u001b[31m",
        "\u202e",
        "[".repeat(1200),
        "9".repeat(1200)
    };

    private final Random random = new Random(Long.getLong("chorus.fuzz.seed", 12));

    private record Good(long number, String text) {}

    private record Outcome(boolean refused, List<Good> good, Set<Long> bad) {}

    @Test
    void mutationsAreReadAsAPlainReaderReadsThem() throws IOException {
        int refused = 0;
        long goodLines = 0;
        long badLines = 0;
        for (int i = 0; i < FILES; i++) {
            byte[] bytes = mutated();
            Outcome read = read(bytes);
            Outcome expected = plainly(bytes);
            if (!read.equals(expected)) {
                // Built only where it is wanted: a million descriptions take longer than the reading.
                assertThat(read)
                        .as("file %d: %s", i, HexFormat.of().formatHex(bytes))
                        .isEqualTo(expected);
            }
            refused += read.refused() ? 1 : 0;
            goodLines += read.good().size();
            badLines += read.bad().size();
        }
        // All happen often: none is all that is tested.
        assertThat(refused).isBetween(FILES / 1000, FILES / 3);
        assertThat(goodLines).isGreaterThan(FILES / 2);
        assertThat(badLines).isGreaterThan(FILES / 2);
    }

    private Outcome read(byte[] bytes) throws IOException {
        List<Good> good = new ArrayList<>();
        Set<Long> bad = new HashSet<>();
        try (TextLines lines = new TextLines("fuzz.jsonl", new InPieces(bytes))) {
            JsonLines.read(
                    lines,
                    (line, fields) -> {
                        assertThat(new String(bytes, (int) line.offset(), 1, StandardCharsets.UTF_8))
                                .isNotEqualTo("\n");
                        good.add(new Good(line.number(), fields.toString()));
                    },
                    (number, problem) -> {
                        assertThat(problem).isNotBlank().hasLineCount(1);
                        assertThat(bad.add(number)).isTrue();
                    });
            return new Outcome(false, good, bad);
        } catch (DataException e) {
            return new Outcome(true, List.of(), Set.of());
        }
    }

    /** The same by the shortest way, without streaming. */
    private static Outcome plainly(byte[] bytes) {
        int start = bytes.length >= 3 && bytes[0] == (byte) 0xEF && bytes[1] == (byte) 0xBB && bytes[2] == (byte) 0xBF
                ? 3
                : 0;
        boolean mark = bytes.length >= 2
                && List.of(0xFFFE, 0xFEFF, 0x1F8B).contains(((bytes[0] & 0xFF) << 8) + (bytes[1] & 0xFF));
        boolean nul = bytes.length >= 4 && (bytes[0] == 0 || bytes[1] == 0);
        if (mark || nul) {
            return new Outcome(true, List.of(), Set.of());
        }
        List<Good> good = new ArrayList<>();
        Set<Long> bad = new HashSet<>();
        Set<Long> blank = new HashSet<>();
        long number = 0;
        for (int from = start; from < bytes.length; ) {
            int to = from;
            while (to < bytes.length && bytes[to] != '\n') {
                to++;
            }
            number++;
            int end = to > from && bytes[to - 1] == '\r' ? to - 1 : to;
            try {
                String text = StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(bytes, from, end - from))
                        .toString();
                if (text.isBlank() && text.indexOf('\r') < 0) {
                    blank.add(number);
                } else if (text.indexOf('\r') >= 0
                        || text.indexOf(0) >= 0
                        || text.startsWith("\uFEFF")
                        || !isObject(text)) {
                    bad.addAll(blank);
                    blank.clear();
                    bad.add(number);
                } else {
                    bad.addAll(blank);
                    blank.clear();
                    good.add(new Good(number, EXACT.readTree(text).toString()));
                }
            } catch (CharacterCodingException | JsonProcessingException | NumberFormatException e) {
                bad.addAll(blank);
                blank.clear();
                bad.add(number);
            }
            from = to + 1;
        }
        return new Outcome(false, good, bad);
    }

    /** By a parser of tokens, which knows neither the tree nor its settings. */
    private static boolean isObject(String text) {
        try (JsonParser parser = PLAIN.getFactory().createParser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return false;
            }
            Deque<Set<String>> keys = new ArrayDeque<>();
            keys.push(new HashSet<>());
            while (!keys.isEmpty()) {
                JsonToken token = parser.nextToken();
                if (token == null) {
                    return false;
                } else if (token.isStructStart()) {
                    keys.push(new HashSet<>());
                } else if (token.isStructEnd()) {
                    keys.pop();
                } else if (token == JsonToken.FIELD_NAME && !keys.element().add(parser.currentName())) {
                    return false;
                }
                if ((token == JsonToken.FIELD_NAME || token == JsonToken.VALUE_STRING)
                        && !StandardCharsets.UTF_8.newEncoder().canEncode(parser.getText())) {
                    return false;
                }
            }
            return parser.nextToken() == null;
        } catch (IOException e) {
            return false;
        }
    }

    private byte[] mutated() {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        if (random.nextInt(8) == 0) {
            file.writeBytes("\uFEFF".getBytes(StandardCharsets.UTF_8));
        }
        int lines = random.nextInt(6);
        for (int i = 0; i < lines; i++) {
            String line = "{\"prompt\":\"größe " + i + " 🙂\",\"a\":[1,2.50,null],\"completion\":\"x\\ny\"}";
            file.writeBytes((line + (random.nextInt(5) == 0 ? "\r\n" : "\n")).getBytes(StandardCharsets.UTF_8));
        }
        byte[] bytes = file.toByteArray();
        for (int edits = random.nextInt(4); edits > 0; edits--) {
            int at = random.nextInt(20) == 0 ? 0 : random.nextInt(bytes.length + 1);
            if (random.nextBoolean() && at < bytes.length) {
                bytes[at] = (byte) random.nextInt(256);
            } else {
                byte[] piece = PIECES[random.nextInt(PIECES.length)].getBytes(StandardCharsets.UTF_8);
                int dropped = Math.min(random.nextInt(4), bytes.length - at);
                byte[] edited = new byte[bytes.length + piece.length - dropped];
                System.arraycopy(bytes, 0, edited, 0, at);
                System.arraycopy(piece, 0, edited, at, piece.length);
                System.arraycopy(bytes, at + dropped, edited, at + piece.length, bytes.length - at - dropped);
                bytes = edited;
            }
        }
        return bytes;
    }

    /** Gives fewer bytes at a time than it is asked for, as a pipe does. */
    private final class InPieces extends InputStream {
        private final ByteArrayInputStream in;

        InPieces(byte[] bytes) {
            in = new ByteArrayInputStream(bytes);
        }

        @Override
        public int read() {
            return in.read();
        }

        @Override
        public int read(byte[] into, int from, int count) {
            return in.read(into, from, count == 0 ? 0 : 1 + random.nextInt(Math.min(count, 40)));
        }
    }
}
