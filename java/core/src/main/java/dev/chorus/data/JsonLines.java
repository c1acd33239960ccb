package dev.chorus.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Reads JSON Lines: one object a line, in a text as {@link TextLines} has it.
 *
 * <p>A key may stand once; numbers are those of RFC 8259, so NaN and infinities are refused; nothing may follow the object. Blank
 * lines at the end of the file are no lines; a blank line before another line is a bad one.
 */
public final class JsonLines {
    /** Numbers keep their digits: a field that nobody asked about leaves as it came. */
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS, DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private JsonLines() {}

    /** Hears of good lines. */
    @FunctionalInterface
    public interface Good {
        /** Takes one. What it throws ends the reading. */
        void line(TextLines.Line line, ObjectNode fields) throws Problem;
    }

    /** Hears of bad lines. */
    @FunctionalInterface
    public interface Bad {
        /** Takes one, from 1, or ends the reading with an exception. */
        void line(long number, String problem);
    }

    /** What is wrong with one line, for people. */
    public static final class Problem extends Exception {
        private static final long serialVersionUID = 1L;

        /** With a sentence that needs no file and line. */
        public Problem(String message) {
            super(message);
        }
    }

    /** Reads to the end. A {@link Problem} that {@code good} throws makes its line a bad one. */
    public static void read(TextLines lines, Good good, Bad bad) throws IOException {
        long firstBlank = 0;
        for (TextLines.Line line = lines.next(); line != null; line = lines.next()) {
            if (line.isBlank()) {
                firstBlank = firstBlank == 0 ? line.number() : firstBlank;
                continue;
            }
            for (; firstBlank > 0 && firstBlank < line.number(); firstBlank++) {
                bad.line(firstBlank, "an empty line; expected a JSON object");
            }
            firstBlank = 0;
            try {
                good.line(line, parse(line));
            } catch (Problem e) {
                bad.line(line.number(), e.getMessage());
            }
        }
    }

    /** One line's object. */
    public static ObjectNode parse(TextLines.Line line) throws Problem {
        if (!line.problem().isEmpty()) {
            throw new Problem(line.problem());
        }
        JsonNode node;
        try {
            node = JSON.readTree(line.text());
        } catch (JsonProcessingException e) {
            throw new Problem("not a JSON object: " + firstLine(e.getOriginalMessage()));
        } catch (ArithmeticException | NumberFormatException e) {
            // Well-formed, but an exponent of more than ten digits.
            throw new Problem("holds a number that is too large to be kept");
        }
        if (!(node instanceof ObjectNode object)) {
            throw new Problem("expected a JSON object");
        }
        // Such a string can be written as an escape, but neither tokenized nor written as UTF-8.
        if (line.text().indexOf('\\') >= 0
                && !StandardCharsets.UTF_8.newEncoder().canEncode(object.toString())) {
            throw new Problem("holds half a character (an unpaired surrogate)");
        }
        return object;
    }

    /** The first line, without advice to programmers. */
    private static String firstLine(String message) {
        String first = message.lines().findFirst().orElse("");
        int advice = first.indexOf(": enable `JsonReadFeature");
        return advice < 0 ? first : first.substring(0, advice) + ", which JSON does not have";
    }
}
