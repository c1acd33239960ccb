package dev.chorus.benchmarks;

import java.util.Arrays;

/** Shapes as the parameters of a benchmark write them: sizes with an x between, such as 512x32000. */
public final class Shape {
    private Shape() {}

    /**
     * The sizes, in order.
     *
     * @throws IllegalArgumentException if there are not {@code rank} of them, or one is no number above 0
     */
    public static int[] parse(String shape, int rank) {
        int[] sizes = Arrays.stream(shape.split("x", -1))
                .mapToInt(size -> size.matches("[1-9][0-9]{0,8}") ? Integer.parseInt(size) : 0)
                .toArray();
        if (sizes.length != rank || Arrays.stream(sizes).anyMatch(size -> size == 0)) {
            throw new IllegalArgumentException("shape: expected " + rank + " sizes with an x between, got " + shape);
        }
        return sizes;
    }
}
