package dev.chorus.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Records from trees that {@link ConfigShape} has completed, and trees from records. */
final class ConfigRecords {
    private final String file;
    private final Extensions extensions;

    ConfigRecords(String file, Extensions extensions) {
        this.file = file;
        this.extensions = extensions;
    }

    /**
     * A record of a tree.
     *
     * @throws ConfigException if a record's constructor refuses its values; its message begins with the last part of the key
     */
    <T> T bind(Class<T> type, JsonNode tree) {
        return type.cast(value("", type, tree));
    }

    private Object value(String path, Type type, JsonNode node) {
        if (node == null || node.isNull() || node.isMissingNode()) {
            return null;
        }
        if (type instanceof ParameterizedType list) {
            List<Object> all = new ArrayList<>();
            for (int i = 0; i < node.size(); i++) {
                all.add(value(path + "[" + i + "]", list.getActualTypeArguments()[0], node.get(i)));
            }
            return Collections.unmodifiableList(all);
        }
        Class<?> c = (Class<?>) type;
        if (c == String.class) {
            return node.asText();
        }
        if (c == int.class || c == Integer.class) {
            return node.intValue();
        }
        if (c == long.class || c == Long.class) {
            return node.longValue();
        }
        if (c == double.class || c == Double.class) {
            return node.doubleValue();
        }
        if (c == boolean.class || c == Boolean.class) {
            return node.booleanValue();
        }
        if (c.isEnum()) {
            return Arrays.stream(c.getEnumConstants())
                    .filter(each -> each.toString().equalsIgnoreCase(node.asText()))
                    .findFirst()
                    .orElseThrow();
        }
        return group(path, c, (ObjectNode) node);
    }

    private Object group(String path, Class<?> type, ObjectNode node) {
        RecordComponent[] components = type.getRecordComponents();
        Class<?>[] types = new Class<?>[components.length];
        Object[] values = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            types[i] = components[i].getType();
            if (components[i].isAnnotationPresent(Rest.class)) {
                Map<String, Object> rest = new LinkedHashMap<>();
                extensions.of(type).forEach((key, each) -> {
                    if (node.hasNonNull(key)) {
                        rest.put(key, value(join(path, key), each, node.get(key)));
                    }
                });
                values[i] = Collections.unmodifiableMap(rest);
            } else {
                String key = ConfigShape.name(components[i]);
                values[i] = value(join(path, key), components[i].getGenericType(), node.get(key));
            }
        }
        try {
            Constructor<?> constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException range) {
                String problem =
                        String.valueOf(range.getMessage()).lines().findFirst().orElse("");
                throw new ConfigException(file + ": " + (path.isEmpty() ? "" : path + ".") + problem, range);
            }
            throw new IllegalStateException(type + " cannot be made of its keys", e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type + " cannot be made of its keys", e);
        }
    }

    /** What a record says, key by key as a configuration spells them; what is null is left out. */
    static JsonNode tree(Object value) {
        JsonNodeFactory json = JsonNodeFactory.instance;
        if (value instanceof Record) {
            ObjectNode group = json.objectNode();
            for (RecordComponent component : value.getClass().getRecordComponents()) {
                Object each = read(component, value);
                if (component.isAnnotationPresent(Rest.class)) {
                    ((Map<?, ?>) each).forEach((key, more) -> group.set((String) key, tree(more)));
                } else if (each != null) {
                    group.set(ConfigShape.name(component), tree(each));
                }
            }
            return group;
        }
        if (value instanceof List<?> list) {
            ArrayNode array = json.arrayNode();
            list.forEach(each -> array.add(tree(each)));
            return array;
        }
        if (value instanceof Enum<?> name) {
            return json.textNode(name.toString().toLowerCase(Locale.ROOT));
        }
        if (value instanceof Integer number) {
            return json.numberNode(number);
        }
        if (value instanceof Long number) {
            return json.numberNode(number);
        }
        if (value instanceof Double number) {
            return json.numberNode(number);
        }
        return value instanceof Boolean flag ? json.booleanNode(flag) : json.textNode((String) value);
    }

    private static Object read(RecordComponent component, Object value) {
        try {
            component.getAccessor().setAccessible(true);
            return component.getAccessor().invoke(value);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(component + " cannot be read", e);
        }
    }

    private static String join(String path, String key) {
        return path.isEmpty() ? key : path + "." + key;
    }
}
