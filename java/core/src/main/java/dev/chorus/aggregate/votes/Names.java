package dev.chorus.aggregate.votes;

import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.RandomAccess;

/**
 * Names in the order of first appearance, and which number each has: UTF-8 bytes in one array and a hash table of numbers,
 * so that millions of names cost their bytes and twelve more, and looking one up while a file is read makes no object.
 *
 * <p>Grows while votes are read; safe to share once that is done.
 */
public final class Names extends AbstractList<String> implements RandomAccess {

    private byte[] bytes = new byte[256];
    private int[] end = new int[16];
    private int[] hashes = new int[16];
    private int[] table = new int[64];
    private int size;

    /** None yet. */
    Names() {
        Arrays.fill(table, -1);
    }

    /**
     * The names given.
     *
     * @throws IllegalArgumentException if one is there twice
     */
    public static Names of(List<String> names) {
        Names result = new Names();
        for (String name : names) {
            int before = result.size;
            if (result.number(name) != before) {
                throw new IllegalArgumentException("the name " + name + " is there twice");
            }
        }
        return result;
    }

    /** The prefix with 0, with 1 and so on behind it. */
    static Names numbered(String prefix, int count) {
        Names result = new Names();
        for (int i = 0; i < count; i++) {
            result.number(prefix + i);
        }
        return result;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public String get(int index) {
        if (index < 0 || index >= size) {
            throw new IndexOutOfBoundsException("name " + index + " of " + size);
        }
        int from = index == 0 ? 0 : end[index - 1];
        return new String(bytes, from, end[index] - from, StandardCharsets.UTF_8);
    }

    /** The number of a name, or -1. */
    @Override
    public int indexOf(Object name) {
        if (!(name instanceof String text)) {
            return -1;
        }
        byte[] key = text.getBytes(StandardCharsets.UTF_8);
        return table[slot(key, 0, key.length, hash(key, 0, key.length))];
    }

    @Override
    public boolean contains(Object name) {
        return indexOf(name) >= 0;
    }

    /** The number of a name, which is added if it is new. */
    int number(String name) {
        byte[] key = name.getBytes(StandardCharsets.UTF_8);
        return number(key, 0, key.length);
    }

    /** The number of the name whose UTF-8 stands at [from, to) of {@code source}; it is added if it is new. */
    int number(byte[] source, int from, int to) {
        int hash = hash(source, from, to);
        int slot = slot(source, from, to, hash);
        if (table[slot] >= 0) {
            return table[slot];
        }
        add(source, from, to, hash);
        table[slot] = size - 1;
        if (size * 2 > table.length) {
            rehash();
        }
        return size - 1;
    }

    /** Whether a name is what stands at [from, to) of {@code source}. */
    boolean is(int number, byte[] source, int from, int to) {
        int begin = number == 0 ? 0 : end[number - 1];
        if (end[number] - begin != to - from) {
            return false;
        }
        for (int i = from; i < to; i++) {
            if (bytes[begin + i - from] != source[i]) {
                return false;
            }
        }
        return true;
    }

    private void add(byte[] source, int from, int to, int hash) {
        int at = size == 0 ? 0 : end[size - 1];
        int length = to - from;
        if (bytes.length - at < length) {
            long wanted = Math.max((long) bytes.length + (bytes.length >> 1), (long) at + length);
            if (at + (long) length > Integer.MAX_VALUE - 8) {
                throw new IllegalStateException("names of more than 2 GB");
            }
            bytes = Arrays.copyOf(bytes, (int) Math.min(wanted, Integer.MAX_VALUE - 8));
        }
        if (size == end.length) {
            int larger = size + (size >> 1) + 1;
            end = Arrays.copyOf(end, larger);
            hashes = Arrays.copyOf(hashes, larger);
        }
        System.arraycopy(source, from, bytes, at, length);
        end[size] = at + length;
        hashes[size] = hash;
        size++;
    }

    private void rehash() {
        table = new int[table.length * 2];
        Arrays.fill(table, -1);
        int mask = table.length - 1;
        for (int i = 0; i < size; i++) {
            int slot = hashes[i] & mask;
            while (table[slot] >= 0) {
                slot = (slot + 1) & mask;
            }
            table[slot] = i;
        }
    }

    /** Where the name stands in the table, or would stand. */
    private int slot(byte[] source, int from, int to, int hash) {
        int mask = table.length - 1;
        int slot = hash & mask;
        while (table[slot] >= 0) {
            int i = table[slot];
            if (hashes[i] == hash) {
                if (is(i, source, from, to)) {
                    return slot;
                }
            }
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private static int hash(byte[] source, int from, int to) {
        int hash = 1;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + source[i];
        }
        hash *= 0x9E3779B9;
        return hash ^ (hash >>> 15);
    }

    @Override
    public boolean equals(Object other) {
        return super.equals(other);
    }

    @Override
    public int hashCode() {
        return super.hashCode();
    }
}
