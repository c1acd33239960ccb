package dev.chorus.torch;

import java.util.Arrays;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Carries arrays into LibTorch tensors and back. Every tensor made here lies on the CPU and in the caller's scope. */
public final class Tensors {
    private Tensors() {}

    /** float32 zeros. */
    public static Tensor zeros(long... shape) {
        return torch.zeros(shape);
    }

    /** float32, uninitialised. */
    public static Tensor empty(long... shape) {
        return torch.empty(shape);
    }

    /** Uninitialised, of this dtype. */
    public static Tensor empty(ScalarType type, long... shape) {
        try (TensorOptions options = new TensorOptions(type)) {
            return torch.empty(shape, options, null);
        }
    }

    /** float32 from row-major values; their number must be the product of the shape. */
    public static Tensor floats(float[] values, long... shape) {
        requireCount(values.length, shape);
        Tensor tensor = empty(shape);
        if (values.length > 0) {
            tensor.data_ptr_float().put(values);
        }
        return tensor;
    }

    /** float32 [rows, columns] from doubles, rounded. */
    public static Tensor floats(double[][] rows, int columns) {
        float[] flat = new float[rows.length * columns];
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < columns; j++) {
                flat[i * columns + j] = (float) rows[i][j];
            }
        }
        return floats(flat, rows.length, columns);
    }

    /** int64 from row-major values; their number must be the product of the shape. */
    public static Tensor longs(long[] values, long... shape) {
        requireCount(values.length, shape);
        Tensor tensor = torch.empty(shape, new TensorOptions(ScalarType.Long), null);
        if (values.length > 0) {
            tensor.data_ptr_long().put(values);
        }
        return tensor;
    }

    /** int32 from row-major values; their number must be the product of the shape. */
    public static Tensor ints(int[] values, long... shape) {
        requireCount(values.length, shape);
        Tensor tensor = torch.empty(shape, new TensorOptions(ScalarType.Int), null);
        if (values.length > 0) {
            tensor.data_ptr_int().put(values);
        }
        return tensor;
    }

    /** bool from row-major values (1 or 0). */
    public static Tensor booleans(byte[] values, long... shape) {
        requireCount(values.length, shape);
        Tensor tensor = torch.empty(shape, new TensorOptions(ScalarType.Bool), null);
        if (values.length > 0) {
            new BytePointer(tensor.data_ptr()).put(values);
        }
        return tensor;
    }

    /** The values of a float32 tensor, row-major. */
    public static float[] toFloats(Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.numel())];
        if (values.length > 0) {
            Tensor dense = tensor.contiguous();
            FloatPointer data = dense.data_ptr_float();
            data.get(values);
        }
        return values;
    }

    /** The values of an int64 tensor, row-major. */
    public static long[] toLongs(Tensor tensor) {
        long[] values = new long[Math.toIntExact(tensor.numel())];
        if (values.length > 0) {
            Tensor dense = tensor.contiguous();
            LongPointer data = dense.data_ptr_long();
            data.get(values);
        }
        return values;
    }

    /** The rows of a float32 [n, m] tensor in double. */
    public static double[][] toRows(Tensor tensor) {
        int n = Math.toIntExact(tensor.size(0));
        int m = Math.toIntExact(tensor.size(1));
        float[] flat = toFloats(tensor);
        double[][] rows = new double[n][m];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < m; j++) {
                rows[i][j] = flat[i * m + j];
            }
        }
        return rows;
    }

    /** A list of tensors as LibTorch takes it. */
    public static TensorVector vector(Tensor... tensors) {
        return new TensorVector(tensors);
    }

    /** A number as LibTorch's scalar, in the caller's scope. */
    public static Scalar scalar(double value) {
        return new Scalar(value);
    }

    /** The shape as an array. */
    public static long[] shape(Tensor tensor) {
        long[] shape = new long[Math.toIntExact(tensor.dim())];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = tensor.size(i);
        }
        return shape;
    }

    /** Switches gradient recording off for the calling thread until closed. */
    public static GradientMode withoutGradients() {
        return new GradientMode(new AutoGradMode(false));
    }

    /** Restores the thread's gradient mode on close. */
    public static final class GradientMode implements AutoCloseable {
        private final AutoGradMode mode;

        private GradientMode(AutoGradMode mode) {
            this.mode = mode;
        }

        @Override
        public void close() {
            mode.close();
        }
    }

    private static void requireCount(int count, long[] shape) {
        long expected = 1;
        for (long size : shape) {
            expected = Math.multiplyExact(expected, size);
        }
        if (count != expected) {
            throw new IllegalArgumentException(
                    "shape " + Arrays.toString(shape) + " holds " + expected + " values, got " + count);
        }
    }
}
