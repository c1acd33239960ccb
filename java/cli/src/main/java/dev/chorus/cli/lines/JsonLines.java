package dev.chorus.cli.lines;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.data.DataException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads JSON Lines in UTF-8: one object a line. Line ends may be those of Windows; the last line may lack its end or be blank,
 * no other may be blank.
 */
public final class JsonLines {
    /** Numbers keep their digits: a field that nobody asked about leaves as it came. */
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS, DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private JsonLines() {}

    /**
     * Reads a whole file.
     *
     * @param required fields that every line must have, as strings
     * @param bad      hears of every line that cannot be used
     * @return the good lines in order
     * @throws DataException if there is no such file, no good line in it, or a bad one that is not skipped
     */
    public static List<JsonLine> read(Path file, List<String> required, BadLines bad) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new DataException(file, 0, "no such file");
        }
        byte[] bytes = Files.readAllBytes(file);
        List<JsonLine> lines = new ArrayList<>();
        int number = 1;
        int from = 0;
        while (from < bytes.length) {
            int to = from;
            while (to < bytes.length && bytes[to] != '\n') {
                to++;
            }
            try {
                String text = StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(bytes, from, to - from))
                        .toString();
                if (!text.isBlank()) {
                    lines.add(new JsonLine(number, parse(text, required)));
                } else if (to < bytes.length - 1) {
                    throw new Problem("an empty line; expected a JSON object");
                }
            } catch (CharacterCodingException e) {
                bad.add(number, "not UTF-8");
            } catch (Problem e) {
                bad.add(number, e.getMessage());
            }
            from = to + 1;
            number++;
        }
        if (lines.isEmpty()) {
            throw new DataException(file, 0, "holds no usable line; expected one JSON object a line with " + required);
        }
        return lines;
    }

    private static ObjectNode parse(String text, List<String> required) throws Problem {
        JsonNode node;
        try {
            node = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new Problem("not a JSON object: " + e.getOriginalMessage());
        }
        if (!(node instanceof ObjectNode object)) {
            throw new Problem("expected a JSON object");
        }
        for (String key : required) {
            JsonNode value = object.path(key);
            if (!value.isTextual()) {
                throw new Problem(
                        "'" + key + "': expected text, got " + (value.isMissingNode() ? "nothing" : value.toString()));
            }
        }
        // Such a string can be written as an escape, but neither tokenized nor written as UTF-8.
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(object.toString())) {
            throw new Problem("holds half a character (an unpaired surrogate)");
        }
        return object;
    }

    /** What is wrong with one line. */
    private static final class Problem extends Exception {
        private static final long serialVersionUID = 1L;

        Problem(String message) {
            super(message);
        }
    }
}
