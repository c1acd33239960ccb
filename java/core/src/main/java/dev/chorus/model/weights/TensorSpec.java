package dev.chorus.model.weights;

/**
 * One tensor of a model.
 *
 * @param name      as in the checkpoint
 * @param shape     of the tensor
 * @param mean      of the normal distribution that it starts from
 * @param deviation of that distribution; 0 for a constant
 */
public record TensorSpec(String name, long[] shape, double mean, double deviation) {
    /** Starts from a normal distribution around 0. */
    public static TensorSpec normal(String name, double deviation, long... shape) {
        return new TensorSpec(name, shape, 0, deviation);
    }

    /** Starts from one value. */
    public static TensorSpec constant(String name, double value, long... shape) {
        return new TensorSpec(name, shape, value, 0);
    }

    /** Number of values. */
    public long count() {
        long count = 1;
        for (long size : shape) {
            count = Math.multiplyExact(count, size);
        }
        return count;
    }

    boolean matrixLike() {
        return shape.length > 1;
    }
}
