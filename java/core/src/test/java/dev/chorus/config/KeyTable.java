package dev.chorus.config;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/** The table of a record's keys as docs/configuration.md shows it, made of the record itself. */
public final class KeyTable {
    private KeyTable() {}

    /** In Markdown, with a line break at its end. */
    public static String of(Class<? extends Record> record) {
        StringBuilder table = new StringBuilder("| key | value | meaning |\n|---|---|---|\n");
        for (RecordComponent component : record.getRecordComponents()) {
            if (component.isAnnotationPresent(Rest.class)) {
                continue;
            }
            Key key = component.getAnnotation(Key.class);
            table.append("| `")
                    .append(ConfigShape.name(component))
                    .append("` | ")
                    .append(value(component.getGenericType(), key))
                    .append(" | ")
                    .append(key.value())
                    .append(optional(key))
                    .append(" |\n");
        }
        return table.toString();
    }

    private static String value(Type type, Key key) {
        String kind;
        if (type instanceof ParameterizedType list) {
            kind = "list of " + value(list.getActualTypeArguments()[0], null) + "s";
        } else if (type == String.class) {
            kind = "text";
        } else if (type == int.class || type == Integer.class || type == long.class || type == Long.class) {
            kind = "whole number";
        } else if (type == double.class || type == Double.class) {
            kind = "number";
        } else if (type instanceof Class<?> c && c.isEnum()) {
            Set<String> names = new TreeSet<>();
            for (Object each : c.getEnumConstants()) {
                names.add("`" + each.toString().toLowerCase(Locale.ROOT) + "`");
            }
            kind = String.join(", ", names);
        } else {
            kind = type instanceof Class<?> c && c.isRecord() ? "group" : type.getTypeName();
        }
        return kind
                + (key == null || key.range().isEmpty()
                        ? ""
                        : ", " + Range.of(key.range()).words());
    }

    private static String optional(Key key) {
        if (!key.fallback().isEmpty()) {
            return "; *optional*, `" + key.fallback() + "`";
        }
        return key.optional() ? "; *optional*" : "";
    }
}
