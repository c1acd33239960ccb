package dev.chorus.kernels;

import java.util.Arrays;
import java.util.Random;
import org.assertj.core.api.Assertions;
import org.assertj.core.data.Offset;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Arrays to tensors and back, for tests. Tensors belong to the test's PointerScope. */
final class Tensors {
    /** One rounding to f32 of a result computed in double is 2^-24 = 6e-8 of it; the rest is margin. */
    static final double F32_ROUNDING = 1e-7;

    private Tensors() {}

    static Tensor floats(double[] values) {
        float[] rounded = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            rounded[i] = (float) values[i];
        }
        // torch.tensor() of no elements has an address of its own kind of null: ask for the shape instead.
        return rounded.length == 0 ? KernelArguments.emptyFloats(0) : torch.tensor(rounded);
    }

    static Tensor floats(double[][] rows) {
        int width = rows.length == 0 ? 1 : rows[0].length;
        return floats(flat(rows)).reshape(rows.length, width);
    }

    static Tensor floats(double[][][] blocks) {
        double[][] rows = Arrays.stream(blocks).flatMap(Arrays::stream).toArray(double[][]::new);
        return floats(flat(rows)).reshape(blocks.length, blocks[0].length, blocks[0][0].length);
    }

    static Tensor longs(long... values) {
        try (TensorOptions options = new TensorOptions(ScalarType.Long)) {
            return values.length == 0 ? torch.empty(new long[] {0}, options, null) : torch.tensor(values, options);
        }
    }

    /** A leaf of an autograd graph in f64. */
    static Tensor leaf(Tensor values) {
        return values.toType(ScalarType.Double).requires_grad_(true);
    }

    static double[] doubles(Tensor tensor) {
        Tensor dense = tensor.detach().toType(ScalarType.Double).contiguous();
        double[] values = new double[Math.toIntExact(dense.numel())];
        if (values.length > 0) {
            dense.data_ptr_double().get(values);
        }
        return values;
    }

    static double[] flat(double[][] rows) {
        return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
    }

    static Tensor times(Tensor tensor, double factor) {
        return tensor.mul(new Scalar(factor));
    }

    /** Rounded to f32, so that the kernel and a double reference see the same numbers. */
    static double[] random(Random random, int count, double low, double high) {
        double[] values = new double[count];
        Arrays.setAll(values, i -> (float) (low + (high - low) * random.nextDouble()));
        return values;
    }

    static double[][] random(Random random, int rows, int count, double low, double high) {
        double[][] values = new double[rows][];
        Arrays.setAll(values, i -> random(random, count, low, high));
        return values;
    }

    static void assertClose(Tensor actual, double[] expected, double absolute) {
        assertClose(doubles(actual), expected, absolute);
    }

    /** Each within {@code absolute} and one f32 rounding. */
    static void assertClose(double[] actual, double[] expected, double absolute) {
        assertClose(actual, expected, absolute, F32_ROUNDING);
    }

    /** Each within {@code absolute} and {@code relative} of what is expected. */
    static void assertClose(double[] actual, double[] expected, double absolute, double relative) {
        Assertions.assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            Assertions.assertThat(actual[i])
                    .as("element %d", i)
                    .isCloseTo(expected[i], Offset.offset(absolute + relative * Math.abs(expected[i])));
        }
    }
}
