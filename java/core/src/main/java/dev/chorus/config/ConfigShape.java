package dev.chorus.config;

import com.fasterxml.jackson.databind.JsonNode;
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
 * its full name, what was expected, what stands there.
 */
final class ConfigShape {
    private static final Set<String> OPTIONAL = Set.of(
            "scenario",
            "slots",
            "weak.scenario",
            "weak.slots",
            "scenario.bayesian",
            "slots.dpo",
            "data.unlabelled",
            "weak.models[].folder",
            "strong.folder");

    /** What a model's folder brings, or makes needless. */
    private static final Set<String> WITHOUT_FOLDER =
            Set.of("tokenizer", "layers", "width", "heads", "seed", "pretrain");

    /** What only a folder's model has. */
    private static final Set<String> WITH_FOLDER = Set.of("precision", "lora");

    private final Path file;

    private ConfigShape(Path file) {
        this.file = file;
    }

    /**
     * Checks every key.
     *
     * @throws ConfigException at the first that is unknown, missing or of a wrong type
     */
    static void check(Path file, JsonNode tree, Class<?> type) {
        new ConfigShape(file).value("", type, tree);
    }

    private void value(String path, Type type, JsonNode node) {
        if (node.isNull() || node.isMissingNode()) {
            if (!OPTIONAL.contains(path.replaceAll("\\[\\d+]", "[]"))) {
                throw new ConfigException(file + ": key '" + path + "' is missing");
            }
        } else if (type instanceof ParameterizedType list) {
            expect(node.isArray(), path, "a list", node);
            for (int i = 0; i < node.size(); i++) {
                value(path + "[" + i + "]", list.getActualTypeArguments()[0], node.get(i));
            }
        } else if (type == String.class) {
            expect(node.isTextual(), path, node.isNumber() ? "text (in quotes)" : "text", node);
        } else if (type == int.class || type == Integer.class) {
            expect(node.isIntegralNumber(), path, "a whole number", node);
            expect(node.canConvertToInt(), path, "a whole number up to " + Integer.MAX_VALUE, node);
        } else if (type == long.class || type == Long.class) {
            expect(node.isIntegralNumber() && node.canConvertToLong(), path, "a whole number", node);
        } else if (type == double.class) {
            expect(node.isNumber(), path, "a number", node);
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
            expect(node.isObject(), path, "a group of keys", node);
            group(path, c, node);
        } else {
            throw new IllegalStateException(path + ": no configuration has values of " + type);
        }
    }

    /** Unknown keys come first: a misspelt key is missing too, and its spelling is what helps. */
    private void group(String path, Class<?> type, JsonNode node) {
        Map<String, Type> known = new LinkedHashMap<>();
        for (RecordComponent component : type.getRecordComponents()) {
            known.put(
                    component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT),
                    component.getGenericType());
        }
        node.fieldNames().forEachRemaining(key -> {
            if (!known.containsKey(key)) {
                throw new ConfigException(file + ": unknown key '" + join(path, key) + "'; known here: "
                        + known.keySet().stream().sorted().collect(Collectors.joining(", ")));
            }
        });
        boolean eitherWay = known.containsKey("folder");
        boolean folder = node.hasNonNull("folder");
        known.forEach((key, each) -> {
            if (eitherWay && (folder ? WITHOUT_FOLDER : WITH_FOLDER).contains(key)) {
                expect(
                        !node.hasNonNull(key),
                        join(path, key),
                        folder ? "nothing beside 'folder', which brings its own" : "nothing without 'folder'",
                        node.path(key));
            } else if (!(WITH_FOLDER.contains(key) && !node.hasNonNull(key))) {
                value(join(path, key), each, node.path(key));
            }
        });
    }

    private void expect(boolean ok, String path, String expected, JsonNode found) {
        if (!ok) {
            String what = found.isArray() ? "a list" : found.isObject() ? "a group of keys" : found.toString();
            throw new ConfigException(file + ": " + path + ": expected " + expected + ", got " + what);
        }
    }

    private static String join(String path, String key) {
        return path.isEmpty() ? key : path + "." + key;
    }
}
