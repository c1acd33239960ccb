package dev.chorus.config;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** Reads a configuration strictly: an unknown key, a missing one or a wrong type is an error that names it. */
public final class ConfigReader {
    private static final ObjectMapper YAML = new ObjectMapper(YAMLFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build());
    private static final ObjectMapper BINDER = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
            .build();

    private ConfigReader() {}

    /** The file as a tree, with overrides of the form key.key=value (list places by number). */
    public static ObjectNode tree(Path file, List<String> overrides) {
        JsonNode root;
        try {
            root = YAML.readTree(Files.readString(file));
        } catch (JacksonException e) {
            throw new ConfigException(
                    place(file, e) + ": not readable as YAML: " + firstLine(e.getOriginalMessage()), e);
        } catch (CharacterCodingException e) {
            throw new ConfigException(file + ": cannot be read: it is not text in UTF-8", e);
        } catch (IOException e) {
            throw new ConfigException(
                    file + ": cannot be read: "
                            + (Files.exists(file) ? e.getMessage() : "no such file; the examples are in examples/"),
                    e);
        }
        if (root == null || !root.isObject()) {
            throw new ConfigException(file + ": expected keys and values, such as 'name: my-run'");
        }
        for (String override : overrides) {
            set((ObjectNode) root, override);
        }
        return (ObjectNode) root;
    }

    /** Binds and checks a tree. */
    public static <T extends Validated> T bind(Path file, JsonNode tree, Class<T> type) {
        ConfigShape.check(file, tree, type);
        try {
            T config = BINDER.treeToValue(tree, type);
            config.validate(file.toString());
            return config;
        } catch (JsonMappingException e) {
            // A record's own check of its ranges: the message begins with the last part of the key.
            if (e.getCause() instanceof IllegalArgumentException range) {
                throw new ConfigException(file + ": " + path(e) + "." + firstLine(range.getMessage()), e);
            }
            throw new ConfigException(file + ": " + path(e) + ": " + firstLine(e.getOriginalMessage()), e);
        } catch (JsonProcessingException e) {
            throw new ConfigException(file + ": " + firstLine(e.getOriginalMessage()), e);
        }
    }

    /** The configuration as a tree with every key in its place; what its hash is taken of. */
    public static JsonNode canonical(Object config) {
        return BINDER.valueToTree(config);
    }

    private static void set(ObjectNode root, String override) {
        int equals = override.indexOf('=');
        if (equals < 1) {
            throw new ConfigException("--set " + override + ": expected key=value, such as data.weak=500");
        }
        String[] keys = override.substring(0, equals).split("\\.", -1);
        JsonNode value;
        try {
            value = YAML.readTree(override.substring(equals + 1));
            if (value.isMissingNode()) {
                value = NullNode.getInstance();
            }
        } catch (JsonProcessingException e) {
            throw new ConfigException(
                    "--set " + override + ": the value is not YAML: " + firstLine(e.getOriginalMessage()), e);
        }
        JsonNode node = root;
        for (int i = 0; i < keys.length - 1; i++) {
            JsonNode next = node.isArray() ? element(node, keys[i], override) : node.get(keys[i]);
            if (next == null || !next.isContainerNode()) {
                throw new ConfigException(
                        "--set " + override + ": there is no group '" + keys[i] + "' in the configuration; there are "
                                + StreamSupport.stream(((Iterable<String>) node::fieldNames).spliterator(), false)
                                        .collect(Collectors.joining(", ")));
            }
            node = next;
        }
        String last = keys[keys.length - 1];
        if (node instanceof ArrayNode array) {
            element(array, last, override);
            array.set(Integer.parseInt(last), value);
        } else {
            ((ObjectNode) node).set(last, value);
        }
    }

    private static JsonNode element(JsonNode array, String key, String override) {
        JsonNode element = key.matches("\\d{1,6}") ? array.get(Integer.parseInt(key)) : null;
        if (element == null) {
            throw new ConfigException(
                    "--set " + override + ": '" + key + "': expected a place from 0 to " + (array.size() - 1));
        }
        return element;
    }

    private static String path(JsonMappingException e) {
        StringBuilder path = new StringBuilder();
        for (JsonMappingException.Reference reference : e.getPath()) {
            if (reference.getFieldName() != null) {
                path.append(path.length() == 0 ? "" : ".").append(reference.getFieldName());
            } else {
                path.append('[').append(reference.getIndex()).append(']');
            }
        }
        return path.toString();
    }

    private static String place(Path file, JacksonException e) {
        return e.getLocation() == null
                ? file.toString()
                : file + ":" + e.getLocation().getLineNr();
    }

    private static String firstLine(String message) {
        return message == null ? "" : message.lines().findFirst().orElse("");
    }
}
