package dev.chorus.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.StringReader;
import java.math.BigInteger;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * YAML text as a tree: aliases stand for what their anchors name, merge keys ({@code <<}) are resolved, a key twice and a second
 * document are errors. Plain words are text but for {@code true}, {@code false}, {@code null}, {@code ~} and decimal numbers: a
 * model may be called {@code no}, and 1:30 is no number of seconds.
 */
final class YamlTree {
    /** A configuration is small; aliases of aliases can make a tree that no memory holds. */
    private static final int MOST_NODES = 100_000;

    private static final Pattern WHOLE = Pattern.compile("[-+]?[0-9]+");
    private static final Pattern DECIMAL = Pattern.compile("[-+]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][-+]?[0-9]+)?");

    private final JsonNodeFactory json = JsonNodeFactory.instance;
    private final IdentityHashMap<Node, Boolean> open = new IdentityHashMap<>();
    private int nodes;

    private YamlTree() {}

    /** What is wrong with a text, and in which line, from 1; 0 where it is none in particular. */
    static final class Problem extends Exception {
        private static final long serialVersionUID = 1L;
        private final int line;

        Problem(String message, Mark mark) {
            super(message);
            line = mark == null ? 0 : mark.getLine() + 1;
        }

        int line() {
            return line;
        }
    }

    /** The one document of a text; a missing node if it holds none. */
    static JsonNode of(String text) throws Problem {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(true);
        options.setNestingDepthLimit(50);
        try {
            Iterator<Node> documents =
                    new Yaml(options).composeAll(new StringReader(text)).iterator();
            if (!documents.hasNext()) {
                return com.fasterxml.jackson.databind.node.MissingNode.getInstance();
            }
            Node first = documents.next();
            if (documents.hasNext()) {
                throw new Problem(
                        "a second document begins; a configuration is one document",
                        documents.next().getStartMark());
            }
            return new YamlTree().tree(first);
        } catch (MarkedYAMLException e) {
            throw new Problem(e.getProblem(), e.getProblemMark());
        } catch (YAMLException e) {
            throw new Problem(String.valueOf(e.getMessage()).lines().findFirst().orElse("not YAML"), null);
        }
    }

    private JsonNode tree(Node node) throws Problem {
        if (++nodes > MOST_NODES) {
            throw new Problem("aliases make more than " + MOST_NODES + " values of it", node.getStartMark());
        }
        if (node instanceof ScalarNode scalar) {
            return scalar(scalar);
        }
        if (open.put(node, true) != null) {
            throw new Problem("an alias stands inside of what it names", node.getStartMark());
        }
        JsonNode tree;
        if (node instanceof SequenceNode sequence) {
            ArrayNode array = json.arrayNode();
            for (Node each : sequence.getValue()) {
                array.add(tree(each));
            }
            tree = array;
        } else {
            tree = mapping((MappingNode) node);
        }
        open.remove(node);
        return tree;
    }

    private ObjectNode mapping(MappingNode node) throws Problem {
        ObjectNode own = json.objectNode();
        ObjectNode merged = json.objectNode();
        Set<String> seen = new HashSet<>();
        for (NodeTuple tuple : node.getValue()) {
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                throw new Problem(
                        "a key is a list or a group", tuple.getKeyNode().getStartMark());
            }
            if (!seen.add(key.getValue())) {
                throw new Problem("Duplicate field '" + key.getValue() + "'", key.getStartMark());
            }
            if (key.getTag().equals(Tag.MERGE)) {
                merge(tuple.getValueNode(), merged);
            } else {
                own.set(key.getValue(), tree(tuple.getValueNode()));
            }
        }
        own.properties().forEach(field -> merged.set(field.getKey(), field.getValue()));
        return merged;
    }

    /** The groups that a merge key names; of a key in several the first counts. */
    private void merge(Node node, ObjectNode into) throws Problem {
        JsonNode tree = tree(node);
        for (JsonNode group : tree.isArray() ? tree : json.arrayNode().add(tree)) {
            if (!group.isObject()) {
                throw new Problem("'<<' takes a group of keys, or a list of groups", node.getStartMark());
            }
            group.properties().forEach(field -> {
                if (!into.has(field.getKey())) {
                    into.set(field.getKey(), field.getValue());
                }
            });
        }
    }

    private JsonNode scalar(ScalarNode node) {
        String text = node.getValue();
        if (!node.isPlain()) {
            return json.textNode(text);
        }
        switch (text.toLowerCase(Locale.ROOT)) {
            case "", "~", "null" -> {
                return json.nullNode();
            }
            case "true" -> {
                return json.booleanNode(true);
            }
            case "false" -> {
                return json.booleanNode(false);
            }
            default -> {}
        }
        if (WHOLE.matcher(text).matches()) {
            BigInteger value = new BigInteger(text.startsWith("+") ? text.substring(1) : text);
            return value.bitLength() < 32
                    ? json.numberNode(value.intValue())
                    : value.bitLength() < 64 ? json.numberNode(value.longValue()) : json.numberNode(value);
        }
        return DECIMAL.matcher(text).matches() ? json.numberNode(Double.parseDouble(text)) : json.textNode(text);
    }
}
