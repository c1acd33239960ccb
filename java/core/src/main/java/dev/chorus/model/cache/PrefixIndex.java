package dev.chorus.model.cache;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Finds the page that holds sixteen tokens behind a given beginning. A beginning is named by the entry of its last page, so a
 * key is sixteen tokens long however long the text is.
 */
final class PrefixIndex {
    /** The beginning of nothing. */
    static final long ROOT = 0;

    /**
     * A page whose content is known.
     *
     * @param id   of the text up to the page's end
     * @param page that holds its last sixteen tokens
     */
    record Entry(long id, int page) {}

    private record Key(long parent, IntList tokens) {}

    /** Tokens compared by value. */
    private record IntList(int[] values) {
        @Override
        public boolean equals(Object other) {
            return other instanceof IntList list && Arrays.equals(values, list.values);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(values);
        }
    }

    private final Map<Key, Entry> entries = new HashMap<>();
    private final Map<Integer, Key> keyOf = new HashMap<>();
    private long last = ROOT;

    /** The page of the sixteen tokens from here on, or null. */
    Entry find(long parent, int[] tokens, int from) {
        return entries.get(key(parent, tokens, from));
    }

    /** Says what a page will hold; returns the name of the beginning that ends with it. */
    long remember(long parent, int[] tokens, int from, int page) {
        Key key = key(parent, tokens, from);
        Entry entry = new Entry(++last, page);
        entries.put(key, entry);
        keyOf.put(page, key);
        return entry.id();
    }

    /** The page is free and will hold something else. */
    void forget(int page) {
        Key key = keyOf.remove(page);
        if (key != null) {
            entries.remove(key);
        }
    }

    private static Key key(long parent, int[] tokens, int from) {
        return new Key(parent, new IntList(Arrays.copyOfRange(tokens, from, from + KeyValueCache.PAGE)));
    }
}
