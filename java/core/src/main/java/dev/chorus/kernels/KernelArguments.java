package dev.chorus.kernels;

import dev.chorus.bindings.ChorusNative;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.Layout;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * What every facade does around a native call: check tensors, allocate results, turn a status into an exception.
 *
 * <p>Every facade checks its tensors here on the thread that makes the call, so this is also where that thread's team of
 * workers gets the size that LibTorch was told ({@code torch.set_num_threads}): see {@link #requireStrided}.
 */
final class KernelArguments {
    private KernelArguments() {}

    /** Element types of logits that the kernels read and write. */
    enum LogitType {
        F32("f32", ScalarType.Float, ChorusNative.CHORUS_TYPE_F32),
        BF16("bf16", ScalarType.BFloat16, ChorusNative.CHORUS_TYPE_BF16),
        /** On GPUs alone: {@link #checkLogits} lets no such tensor of the host pass. */
        F16("f16", ScalarType.Half, ChorusNative.CHORUS_TYPE_F16);

        /** As in the names of the native functions and in messages. */
        final String text;

        /** As LibTorch calls it. */
        final ScalarType dtype;

        /** As the functions that take any type call it. */
        final int code;

        LogitType(String text, ScalarType dtype, int code) {
            this.text = text;
            this.dtype = dtype;
            this.code = code;
        }
    }

    /**
     * Checks a dense f32 tensor at a place and returns its data.
     *
     * @param shape the expected shape, also the text of the message
     * @throws IllegalArgumentException naming what was expected and what came
     */
    static FloatPointer floats(Place place, String name, Tensor tensor, long... shape) {
        check(place, name, tensor, ScalarType.Float, shape);
        requireContiguous(name, tensor);
        return tensor.data_ptr_float();
    }

    /** As the other, on the CPU. */
    static FloatPointer floats(String name, Tensor tensor, long... shape) {
        return floats(Place.CPU, name, tensor, shape);
    }

    /** As {@link #floats}, and null for null. */
    static FloatPointer floatsOrNull(String name, Tensor tensor, long... shape) {
        return tensor == null ? null : floats(name, tensor, shape);
    }

    /** As {@link #floats} for int64. */
    static LongPointer longs(Place place, String name, Tensor tensor, long... shape) {
        check(place, name, tensor, ScalarType.Long, shape);
        requireContiguous(name, tensor);
        return tensor.data_ptr_long();
    }

    /** As the other, on the CPU. */
    static LongPointer longs(String name, Tensor tensor, long... shape) {
        return longs(Place.CPU, name, tensor, shape);
    }

    /** As {@link #floats} for int32. */
    static IntPointer ints(String name, Tensor tensor, long... shape) {
        check(name, tensor, ScalarType.Int, shape);
        requireContiguous(name, tensor);
        return tensor.data_ptr_int();
    }

    /**
     * The tensors' addresses as a native array, null for null. It does not hold the tensors: the caller keeps them alive, and
     * closes the array.
     */
    static PointerPointer<Pointer> addresses(List<Tensor> tensors) {
        PointerPointer<Pointer> array = new PointerPointer<>((long) tensors.size());
        for (int i = 0; i < tensors.size(); i++) {
            Tensor tensor = tensors.get(i);
            array.put(i, tensor == null ? null : tensor.data_ptr());
        }
        return array;
    }

    /** Checks dtype, device, layout and shape; strides are the caller's business. */
    static void check(Place place, String name, Tensor tensor, ScalarType dtype, long... shape) {
        Place.requirePresent(name, tensor);
        ScalarType actual = tensor.scalar_type().intern();
        if (actual != dtype) {
            throw new IllegalArgumentException(name + ": expected dtype " + dtype + ", got " + actual);
        }
        requireStrided(place, name, tensor, shape);
    }

    /** As the other, on the CPU. */
    static void check(String name, Tensor tensor, ScalarType dtype, long... shape) {
        check(Place.CPU, name, tensor, dtype, shape);
    }

    /**
     * As {@link #check} for a tensor that may be f32 or bf16, on a GPU also f16, and says which.
     */
    static LogitType checkLogits(Place place, String name, Tensor tensor, long... shape) {
        Place.requirePresent(name, tensor);
        ScalarType actual = tensor.scalar_type().intern();
        LogitType type =
                switch (actual) {
                    case Float -> LogitType.F32;
                    case BFloat16 -> LogitType.BF16;
                    case Half -> place.isCuda() ? LogitType.F16 : null;
                    default -> null;
                };
        if (type == null) {
            throw new IllegalArgumentException(name + ": expected dtype Float or BFloat16"
                    + (place.isCuda() ? " or Half" : "") + ", got " + actual);
        }
        requireStrided(place, name, tensor, shape);
        return type;
    }

    /** As the other, on the CPU. */
    static LogitType checkLogits(String name, Tensor tensor, long... shape) {
        return checkLogits(Place.CPU, name, tensor, shape);
    }

    /**
     * Checks device, layout and shape, and readies the calling thread for a native call.
     *
     * <p>The kernels share LibTorch's OpenMP, in which each thread has a team size of its own. LibTorch sets it on a thread
     * when it first runs there; a thread that calls a kernel before that would get a team of all cores, whatever
     * {@code torch.set_num_threads} said. Asking for the number makes LibTorch set it, and costs next to nothing after that.
     */
    private static void requireStrided(Place place, String name, Tensor tensor, long... shape) {
        torch.get_num_threads();
        place.require(name, tensor);
        if (tensor.layout().intern() != Layout.Strided) {
            throw new IllegalArgumentException(
                    name + ": expected layout Strided, got " + tensor.layout().intern());
        }
        long[] actualShape = shape(tensor);
        if (!Arrays.equals(actualShape, shape)) {
            throw new IllegalArgumentException(
                    name + ": expected shape " + Arrays.toString(shape) + ", got " + Arrays.toString(actualShape));
        }
    }

    static void requireContiguous(String name, Tensor tensor) {
        if (!tensor.is_contiguous()) {
            long[] strides = new long[Math.toIntExact(tensor.dim())];
            Arrays.setAll(strides, tensor::stride);
            throw new IllegalArgumentException(name + ": expected a contiguous tensor, got shape "
                    + Arrays.toString(shape(tensor)) + " with strides " + Arrays.toString(strides));
        }
    }

    /**
     * Checks a matrix whose rows are dense but may lie apart, and returns the distance between rows in elements.
     *
     * @throws IllegalArgumentException if elements of a row are not adjacent or rows overlap
     */
    static long rowStride(String name, Tensor matrix) {
        long rows = matrix.size(0);
        long columns = matrix.size(1);
        // Strides of a dimension of size 1 or of an empty tensor mean nothing.
        boolean dense = columns <= 1 || matrix.stride(1) == 1;
        long stride = rows <= 1 || columns == 0 ? columns : matrix.stride(0);
        if (!dense || stride < columns) {
            throw new IllegalArgumentException(name + ": expected dense rows that do not overlap, got shape "
                    + Arrays.toString(shape(matrix)) + " with strides "
                    + Arrays.toString(new long[] {matrix.stride(0), matrix.stride(1)}));
        }
        return stride;
    }

    /**
     * As {@link #rowStride} for rows that are blocks, [N, A, B]: each is dense, as in a slice of a product's columns that is
     * seen as heads.
     */
    static long blockStride(String name, Tensor blocks) {
        long width = blocks.size(1) * blocks.size(2);
        boolean dense = (blocks.size(2) <= 1 || blocks.stride(2) == 1)
                && (blocks.size(1) <= 1 || blocks.stride(1) == blocks.size(2));
        long stride = blocks.size(0) <= 1 || width == 0 ? width : blocks.stride(0);
        if (!dense || stride < width) {
            throw new IllegalArgumentException(name + ": expected dense rows that do not overlap, got shape "
                    + Arrays.toString(shape(blocks)) + " with strides "
                    + Arrays.toString(new long[] {blocks.stride(0), blocks.stride(1), blocks.stride(2)}));
        }
        return stride;
    }

    /** @throws IllegalArgumentException unless both have one type of elements */
    static void requireSameType(String name, LogitType actual, String otherName, LogitType expected) {
        if (actual != expected) {
            throw new IllegalArgumentException(
                    name + ": expected dtype " + expected.dtype + " as " + otherName + " has, got " + actual.dtype);
        }
    }

    /** Size {@code dimension} of a tensor that must have {@code rank} of them; the names of them make the message. */
    static long size(String name, Tensor tensor, int dimension, String... letters) {
        Place.requirePresent(name, tensor);
        if (tensor.dim() != letters.length) {
            throw new IllegalArgumentException(
                    name + ": expected shape " + Arrays.toString(letters) + ", got " + Arrays.toString(shape(tensor)));
        }
        return tensor.size(dimension);
    }

    static long[] shape(Tensor tensor) {
        long[] shape = new long[Math.toIntExact(tensor.dim())];
        Arrays.setAll(shape, tensor::size);
        return shape;
    }

    /** An uninitialised f32 CPU tensor, attached to the caller's scope; the default dtype and device do not matter. */
    static Tensor emptyFloats(long... shape) {
        // Closed here, so that only the result stays behind in the caller's scope.
        try (TensorOptions options = new TensorOptions(ScalarType.Float)) {
            return torch.empty(shape, options, null);
        }
    }

    /** As {@link #emptyFloats}, of f32 or bf16. */
    static Tensor empty(LogitType type, long... shape) {
        try (TensorOptions options = new TensorOptions(type.dtype)) {
            return torch.empty(shape, options, null);
        }
    }

    /** {@link #raise(int, String, String, LogitType)} of an op that knows f32 only. */
    static void raise(int status, String op, String shape) {
        raise(status, op, shape, LogitType.F32);
    }

    /** @throws KernelException unless the status is {@code CHORUS_OK}; must run on the thread of the call */
    static void raise(int status, String op, String shape, LogitType type) {
        if (status != ChorusNative.CHORUS_OK) {
            throw exception(
                    status,
                    op,
                    shape,
                    type.text,
                    ChorusNative.chorus_last_error().getString());
        }
    }

    /** What a status that is not {@code CHORUS_OK} becomes. */
    static KernelException exception(int status, String op, String shape, String dtype, String text) {
        KernelException.Status kind =
                switch (status) {
                    case ChorusNative.CHORUS_INVALID_ARGUMENT -> KernelException.Status.INVALID_ARGUMENT;
                    case ChorusNative.CHORUS_INVALID_VALUE -> KernelException.Status.INVALID_VALUE;
                    case ChorusNative.CHORUS_CUDA_ERROR -> KernelException.Status.CUDA;
                    default -> KernelException.Status.INTERNAL;
                };
        return new KernelException(op, kind, shape, dtype, text);
    }

    /**
     * Keeps tensors from being collected while native code reads their memory: a data pointer does not hold its tensor, and
     * an argument that the caller built in place has no other reference.
     */
    @SuppressWarnings("ReachabilityFenceUsage") // no finally: native calls do not throw
    static void keepAlive(Tensor... tensors) {
        for (Tensor tensor : tensors) {
            Reference.reachabilityFence(tensor);
        }
    }

    /** {@link #keepAlive(Tensor...)} of lists. */
    static void keepAlive(List<Tensor> tensors) {
        tensors.forEach(KernelArguments::keepAlive);
    }
}
