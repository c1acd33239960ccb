package dev.chorus.model.checkpoint;

import java.util.Arrays;

/**
 * A tensor of a file.
 *
 * @param name   as in the header
 * @param type   of its elements
 * @param shape  sizes from 0; none for a single number
 * @param offset first byte, counted from the start of the file
 * @param bytes  its length
 */
public record SafetensorsEntry(String name, StoredType type, long[] shape, long offset, long bytes) {
    /** A copy. */
    @Override
    public long[] shape() {
        return shape.clone();
    }

    /** How many elements it has. */
    public long elements() {
        return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }
}
