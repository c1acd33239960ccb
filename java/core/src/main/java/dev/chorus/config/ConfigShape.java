package dev.chorus.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.math.NearestName;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Compares a tree with the records that it will be bound to, so that the message about a key that does not fit is for people:
 * its full name, what was expected, what stands there. Fills in what {@link Key#fallback} says.
 */
final class ConfigShape {
    private final Path file;
    private final Extensions extensions;

    private ConfigShape(Path file, Extensions extensions) {
        this.file = file;
        this.extensions = extensions;
    }

    /**
     * Checks every key.
     *
     * @return the tree with every default in its place
     * @throws ConfigException at the first that is unknown, missing, of a wrong type or out of its range
     */
    static JsonNode complete(Path file, JsonNode tree, Class<?> type, Extensions extensions) {
        return new ConfigShape(file, extensions).value("", type, tree);
    }

    private JsonNode value(String path, Type type, JsonNode node) {
        if (node.isNull() || node.isMissingNode()) {
            throw new ConfigException(file + ": key '" + path + "' is missing");
        }
        if (type instanceof ParameterizedType list) {
            expect(node.isArray(), path, "a list", node);
            ArrayNode all = JsonNodeFactory.instance.arrayNode();
            for (int i = 0; i < node.size(); i++) {
                all.add(value(path + "[" + i + "]", list.getActualTypeArguments()[0], node.get(i)));
            }
            return all;
        }
        if (type == String.class) {
            expect(node.isTextual(), path, node.isNumber() ? "text (in quotes)" : "text", node);
        } else if (type == int.class || type == Integer.class) {
            expect(node.isIntegralNumber(), path, "a whole number", node);
            expect(node.canConvertToInt(), path, "a whole number up to " + Integer.MAX_VALUE, node);
        } else if (type == long.class || type == Long.class) {
            expect(node.isIntegralNumber() && node.canConvertToLong(), path, "a whole number", node);
        } else if (type == double.class || type == Double.class) {
            expect(node.isNumber(), path, "a number", node);
        } else if (type == boolean.class || type == Boolean.class) {
            expect(node.isBoolean(), path, "true or false", node);
        } else if (type instanceof Class<?> c && c.isEnum()) {
            Set<String> names = new TreeSet<>();
            Arrays.stream(c.getEnumConstants())
                    .forEach(each -> names.add(each.toString().toLowerCase(Locale.ROOT)));
            expect(
                    node.isTextual() && names.contains(node.asText().toLowerCase(Locale.ROOT)),
                    path,
                    "one of " + String.join(", ", names),
                    node);
        } else if (type instanceof Class<?> c && c.isRecord()) {
            return group(path, c, unfolded(c, path, node));
        } else {
            throw new IllegalStateException(path + ": no configuration has values of " + type);
        }
        return node;
    }

    /** A group of keys, where plain text may stand for one of them. */
    private ObjectNode unfolded(Class<?> type, String path, JsonNode node) {
        Shorthand shorthand = type.getAnnotation(Shorthand.class);
        if (shorthand != null && node.isTextual()) {
            return JsonNodeFactory.instance.objectNode().put(shorthand.value(), node.asText());
        }
        expect(node.isObject(), path, shorthand == null ? "a group of keys" : "a name or a group of keys", node);
        return (ObjectNode) node;
    }

    /** Unknown keys come first: a misspelt key is missing too, and its spelling is what helps. */
    private ObjectNode group(String path, Class<?> type, ObjectNode node) {
        Map<String, RecordComponent> own = new LinkedHashMap<>();
        Map<String, Class<?>> more = extensions.of(type);
        for (RecordComponent component : type.getRecordComponents()) {
            if (!component.isAnnotationPresent(Rest.class)) {
                own.put(name(component), component);
            }
        }
        Set<String> known = new TreeSet<>(own.keySet());
        known.addAll(more.keySet());
        node.fieldNames().forEachRemaining(key -> {
            if (!known.contains(key)) {
                throw new ConfigException(file + ": unknown key '" + join(path, key) + "'; known here: "
                        + known.stream().collect(Collectors.joining(", ")) + NearestName.hint(key, known));
            }
        });
        ObjectNode whole = JsonNodeFactory.instance.objectNode();
        own.forEach((key, component) -> {
            JsonNode value = component(path, key, component, node);
            if (value != null) {
                whole.set(key, value);
            }
        });
        more.forEach((key, each) -> {
            if (node.hasNonNull(key)) {
                whole.set(key, value(join(path, key), each, node.get(key)));
            }
        });
        return whole;
    }

    /** The value of a component's key, or its default; null if it may be missing and is. */
    private JsonNode component(String path, String key, RecordComponent component, ObjectNode node) {
        Key about = component.getAnnotation(Key.class);
        String full = join(path, key);
        if (about == null) {
            return value(full, component.getGenericType(), node.path(key));
        }
        boolean there = node.hasNonNull(key);
        if (!about.without().isEmpty() && node.hasNonNull(about.without())) {
            expect(!there, full, "nothing beside '" + about.without() + "', which brings its own", node.path(key));
            return null;
        }
        if (there && !about.with().isEmpty()) {
            expect(node.hasNonNull(about.with()), full, "nothing without '" + about.with() + "'", node.path(key));
        }
        if (!there && !about.fallback().isEmpty()) {
            return value(full, component.getGenericType(), fallback(about));
        }
        if (!there && about.optional()) {
            return null;
        }
        JsonNode value = value(full, component.getGenericType(), node.path(key));
        if (!about.range().isEmpty()) {
            Range range = Range.of(about.range());
            expect(range.holds(value.asDouble()), full, range.words(), value);
        }
        return value;
    }

    private static JsonNode fallback(Key about) {
        try {
            return YamlTree.of(about.fallback());
        } catch (YamlTree.Problem e) {
            throw new IllegalStateException("default '" + about.fallback() + "': " + e.getMessage(), e);
        }
    }

    private void expect(boolean ok, String path, String expected, JsonNode found) {
        if (!ok) {
            String what = found.isArray() ? "a list" : found.isObject() ? "a group of keys" : found.toString();
            throw new ConfigException(file + ": " + path + ": expected " + expected + ", got " + what);
        }
    }

    /** As a configuration spells it: snake case. */
    static String name(RecordComponent component) {
        return component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    private static String join(String path, String key) {
        return path.isEmpty() ? key : path + "." + key;
    }
}
