package dev.chorus.aggregate.methods;

import java.util.Arrays;

/** Which entries of labelers' confusion matrices exist: numbered as they first appear, grouped by labeler and true class. */
final class SparseRows {

    private final long classes;
    private final LongIndex entries;
    private final LongIndex rowIndex;
    private final int[] start;
    private final int[] members;
    private final int largest;

    private SparseRows(long classes, LongIndex entries, LongIndex rowIndex, int[] start, int[] members, int largest) {
        this.classes = classes;
        this.entries = entries;
        this.rowIndex = rowIndex;
        this.start = start;
        this.members = members;
        this.largest = largest;
    }

    /** Collects entries. */
    static final class Builder {
        private final long classes;
        private final LongIndex entries = new LongIndex();

        Builder(int classes) {
            this.classes = classes;
        }

        /** The number of an entry. */
        int entry(int worker, int truth, int given) {
            return entries.number((worker * classes + truth) * classes + given);
        }

        SparseRows build() {
            LongIndex rowIndex = new LongIndex();
            int[] rowOf = new int[entries.size()];
            for (int e = 0; e < rowOf.length; e++) {
                rowOf[e] = rowIndex.number(entries.key(e) / classes);
            }
            int[] start = new int[rowIndex.size() + 1];
            for (int row : rowOf) {
                start[row + 1]++;
            }
            int largest = 0;
            for (int r = 0; r < rowIndex.size(); r++) {
                largest = Math.max(largest, start[r + 1]);
                start[r + 1] += start[r];
            }
            int[] next = start.clone();
            int[] members = new int[rowOf.length];
            for (int e = 0; e < rowOf.length; e++) {
                members[next[rowOf[e]]++] = e;
            }
            return new SparseRows(classes, entries, rowIndex, start, members, largest);
        }
    }

    int entries() {
        return members.length;
    }

    int rows() {
        return start.length - 1;
    }

    int size(int row) {
        return start[row + 1] - start[row];
    }

    int entryOf(int row, int i) {
        return members[start[row] + i];
    }

    int largest() {
        return largest;
    }

    boolean isDiagonal(int entry) {
        long key = entries.key(entry);
        return key % classes == key / classes % classes;
    }

    int workerOf(int row) {
        return (int) (rowIndex.key(row) / classes);
    }

    /** The number of an entry, or -1. */
    int find(int worker, int truth, int given) {
        return entries.find((worker * classes + truth) * classes + given);
    }

    /** The number of a row, or -1. */
    int findRow(int worker, int truth) {
        return rowIndex.find(worker * classes + truth);
    }

    /** Numbers for keys in the order in which they first come. */
    private static final class LongIndex {
        private long[] keys = new long[16];
        private int[] table = new int[64];
        private int size;

        LongIndex() {
            Arrays.fill(table, -1);
        }

        int size() {
            return size;
        }

        long key(int number) {
            return keys[number];
        }

        int find(long key) {
            return table[slot(key)];
        }

        int number(long key) {
            int slot = slot(key);
            if (table[slot] >= 0) {
                return table[slot];
            }
            if (size == keys.length) {
                keys = Arrays.copyOf(keys, size + (size >> 1) + 1);
            }
            keys[size] = key;
            table[slot] = size++;
            if (size * 2 > table.length) {
                table = new int[table.length * 2];
                Arrays.fill(table, -1);
                for (int i = 0; i < size; i++) {
                    table[slot(keys[i])] = i;
                }
            }
            return size - 1;
        }

        private int slot(long key) {
            int mask = table.length - 1;
            long mixed = key * 0x9E3779B97F4A7C15L;
            int slot = (int) (mixed >>> 32) & mask;
            while (table[slot] >= 0 && keys[table[slot]] != key) {
                slot = (slot + 1) & mask;
            }
            return slot;
        }
    }
}
