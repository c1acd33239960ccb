package dev.chorus.config;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The keys that records with a {@link Rest} component take besides their own: what a catalogue of tasks and methods adds to the
 * shape of a configuration. Immutable.
 */
public final class Extensions {
    /** No key besides the records' own. */
    public static final Extensions NONE = new Extensions(Map.of());

    private final Map<Class<?>, Map<String, Class<?>>> byRecord;

    private Extensions(Map<Class<?>, Map<String, Class<?>>> byRecord) {
        this.byRecord = byRecord;
    }

    /**
     * These and some more.
     *
     * @param record that has a {@link Rest} component
     * @param keys   names, and the record that each is bound to
     */
    public Extensions with(Class<?> record, Map<String, Class<?>> keys) {
        Map<Class<?>, Map<String, Class<?>>> all = new LinkedHashMap<>(byRecord);
        all.put(record, new LinkedHashMap<>(keys));
        return new Extensions(all);
    }

    /** Keys and types of a record, in their order; empty if it has none. */
    Map<String, Class<?>> of(Class<?> record) {
        return byRecord.getOrDefault(record, Map.of());
    }
}
