package dev.chorus.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.eval.Entity;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Reads examples from {@link JsonLines}: objects with {@code id}, {@code sentence}, {@code scenario} and {@code entities} (objects
 * with {@code type} and {@code filler}). Other keys are ignored.
 */
public final class ExampleReader {
    private ExampleReader() {}

    /**
     * Reads them all.
     *
     * @throws DataException at the first line that is malformed, with its number; or if there is none
     */
    public static List<Example> read(DataSource source) {
        List<Example> examples = new ArrayList<>();
        source.read(
                lines -> JsonLines.read(lines, (line, fields) -> examples.add(example(fields)), (number, problem) -> {
                    throw new DataException(Path.of(source.name()), number, problem);
                }));
        if (examples.isEmpty()) {
            throw new DataException(Path.of(source.name()), 0, "holds no examples; expected one JSON object a line");
        }
        return List.copyOf(examples);
    }

    private static Example example(ObjectNode node) throws JsonLines.Problem {
        List<Entity> entities = new ArrayList<>();
        JsonNode list = node.path("entities");
        if (!list.isArray()) {
            throw new JsonLines.Problem("'entities': expected a list of objects with 'type' and 'filler'");
        }
        for (JsonNode entity : list) {
            entities.add(new Entity(text(entity, "type"), lower(text(entity, "filler"))));
        }
        return new Example(
                text(node, "id"), lower(text(node, "sentence")), text(node, "scenario"), List.copyOf(entities));
    }

    private static String text(JsonNode node, String key) throws JsonLines.Problem {
        JsonNode value = node.path(key);
        if (!value.isTextual() && !(key.equals("id") && value.isIntegralNumber())) {
            throw new JsonLines.Problem(
                    "'" + key + "': expected text, got " + (value.isMissingNode() ? "nothing" : value.toString()));
        }
        if (value.asText().isBlank()) {
            throw new JsonLines.Problem("'" + key + "' is empty");
        }
        return value.asText().strip();
    }

    private static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }
}
