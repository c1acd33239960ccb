package dev.chorus.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.chorus.eval.Entity;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Reads examples from JSON Lines: one object a line with {@code id}, {@code sentence}, {@code scenario} and
 * {@code entities} (objects with {@code type} and {@code filler}). Other keys are ignored; empty lines are not.
 */
public final class ExampleReader {
    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private ExampleReader() {}

    /**
     * Reads them all.
     *
     * @throws DataException at the first line that is malformed, with its number; or if there is none
     */
    public static List<Example> read(DataSource source) {
        List<Example> examples = new ArrayList<>();
        List<String> lines = source.lines();
        for (int i = 0; i < lines.size(); i++) {
            Line line = new Line(source, i + 1);
            examples.add(line.parse(lines.get(i)));
        }
        if (examples.isEmpty()) {
            throw new DataException(Path.of(source.name()), 0, "holds no examples; expected one JSON object a line");
        }
        return List.copyOf(examples);
    }

    private record Line(DataSource source, int number) {
        Example parse(String text) {
            JsonNode node;
            try {
                node = JSON.readTree(text);
            } catch (JsonProcessingException e) {
                throw problem("not a JSON object: " + e.getOriginalMessage());
            }
            if (!node.isObject()) {
                throw problem(text.isBlank() ? "an empty line; expected a JSON object" : "expected a JSON object");
            }
            List<Entity> entities = new ArrayList<>();
            JsonNode list = node.path("entities");
            if (!list.isArray()) {
                throw problem("'entities': expected a list of objects with 'type' and 'filler'");
            }
            for (JsonNode entity : list) {
                entities.add(new Entity(text(entity, "type"), lower(text(entity, "filler"))));
            }
            return new Example(
                    text(node, "id"), lower(text(node, "sentence")), text(node, "scenario"), List.copyOf(entities));
        }

        private String text(JsonNode node, String key) {
            JsonNode value = node.path(key);
            if (!value.isTextual() && !(key.equals("id") && value.isIntegralNumber())) {
                throw problem(
                        "'" + key + "': expected text, got " + (value.isMissingNode() ? "nothing" : value.toString()));
            }
            if (value.asText().isBlank()) {
                throw problem("'" + key + "' is empty");
            }
            return value.asText().strip();
        }

        private static String lower(String text) {
            return text.toLowerCase(Locale.ROOT);
        }

        DataException problem(String problem) {
            return new DataException(Path.of(source.name()), number, problem);
        }
    }
}
