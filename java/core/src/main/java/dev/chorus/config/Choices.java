package dev.chorus.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Things of one kind that a configuration chooses from by name. Immutable; {@link #with} makes a larger one.
 *
 * @param <T> the kind
 */
public final class Choices<T> {
    private final String kind;
    private final Function<T, String> name;
    private final Map<String, T> byName = new LinkedHashMap<>();

    /**
     * @param kind for messages, in the singular: "supervision"
     * @param name of a thing
     * @param all  in the order in which messages list them
     * @throws IllegalArgumentException if two have one name
     */
    public Choices(String kind, Function<T, String> name, List<? extends T> all) {
        this.kind = kind;
        this.name = name;
        for (T each : all) {
            if (byName.put(name.apply(each), each) != null) {
                throw new IllegalArgumentException("two " + kind + "s are called '" + name.apply(each) + "'");
            }
        }
    }

    /** These and one more. */
    public Choices<T> with(T more) {
        List<T> all = new java.util.ArrayList<>(byName.values());
        all.add(more);
        return new Choices<>(kind, name, all);
    }

    /** The one of this name, if there is one. */
    public Optional<T> find(String wanted) {
        return Optional.ofNullable(byName.get(wanted));
    }

    /**
     * The one of this name.
     *
     * @param wanted name
     * @param where  the key that names it, with its file, for the message
     * @throws ConfigException if there is none; lists those that exist
     */
    public T get(String wanted, String where) {
        return find(wanted)
                .orElseThrow(() -> new ConfigException(where + ": there is no " + kind + " '" + wanted + "'; there are "
                        + String.join(", ", byName.keySet())));
    }

    /** All names, in order. */
    public Set<String> names() {
        return java.util.Collections.unmodifiableSet(byName.keySet());
    }

    /** All, in order. */
    public List<T> all() {
        return List.copyOf(byName.values());
    }
}
