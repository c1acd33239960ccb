package dev.chorus.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.files.FileFault;
import dev.chorus.files.SmallFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** Reads a configuration strictly: an unknown key, a missing one or a wrong type is an error that names it. */
public final class ConfigReader {
    private static final int MOST_BYTES = 1 << 20;

    private ConfigReader() {}

    /** The file as a tree, with overrides of the form key.key=value (list places by number). */
    public static ObjectNode tree(Path file, List<String> overrides) {
        JsonNode root;
        try {
            ByteBuffer bytes = ByteBuffer.wrap(SmallFile.read(file, MOST_BYTES));
            root = YamlTree.of(StandardCharsets.UTF_8.newDecoder().decode(bytes).toString());
        } catch (YamlTree.Problem e) {
            throw new ConfigException(
                    file + (e.line() > 0 ? ":" + e.line() : "") + ": not readable as YAML: " + e.getMessage(), e);
        } catch (CharacterCodingException e) {
            throw new ConfigException(file + ": cannot be read: it is not text in UTF-8", e);
        } catch (NoSuchFileException e) {
            throw new ConfigException(file + ": cannot be read: no such file; the examples are in examples/", e);
        } catch (IOException e) {
            throw new ConfigException(file + ": cannot be read: " + FileFault.words(e), e);
        }
        if (root == null || !root.isObject()) {
            throw new ConfigException(file + ": expected keys and values, such as 'name: my-run'");
        }
        for (String override : overrides) {
            set((ObjectNode) root, override);
        }
        return (ObjectNode) root;
    }

    /**
     * Binds and checks a tree.
     *
     * @param extensions keys that records take besides their own
     * @throws ConfigException at the first key that is unknown, missing, of a wrong type or out of its range; names it in full
     */
    public static <T extends Validated> T bind(Path file, JsonNode tree, Class<T> type, Extensions extensions) {
        JsonNode whole = ConfigShape.complete(file, tree, type, extensions);
        T config = new ConfigRecords(file.toString(), extensions).bind(type, whole);
        config.validate(file.toString());
        return config;
    }

    /** The configuration as a tree with every key in its place; what its hash is taken of. */
    public static JsonNode canonical(Object config) {
        return ConfigRecords.tree(config);
    }

    private static void set(ObjectNode root, String override) {
        int equals = override.indexOf('=');
        if (equals < 1) {
            throw new ConfigException("--set " + override + ": expected key=value, such as data.weak=500");
        }
        String[] keys = override.substring(0, equals).split("\\.", -1);
        JsonNode value;
        try {
            value = YamlTree.of(override.substring(equals + 1));
            if (value.isMissingNode()) {
                value = NullNode.getInstance();
            }
        } catch (YamlTree.Problem e) {
            throw new ConfigException("--set " + override + ": the value is not YAML: " + e.getMessage(), e);
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
}
