package dev.chorus.kernels;

import dev.chorus.bindings.ChorusCudaNative;
import dev.chorus.bindings.ChorusNative;
import dev.chorus.kernels.KernelArguments.LogitType;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * One call of an op, on the host or on a GPU: its arguments' checks, its results' memory, and on a GPU the stream and the word
 * in which kernels keep the first bad row.
 *
 * <p>A GPU's call launches on LibTorch's current stream. Without {@link CudaFaults} it then waits for it, so that a bad value is
 * an exception of the call as on the host; with them it returns at once.
 */
final class DeviceCall implements AutoCloseable {
    private final Place place;
    private final CudaFaults faults;
    private final boolean own;
    private final CurrentDevice device;
    private final LongPointer word;

    private DeviceCall(Place place) {
        this.place = place;
        if (!place.isCuda()) {
            own = false;
            faults = null;
            device = null;
            word = null;
            return;
        }
        device = new CurrentDevice(place);
        try {
            CudaFaults deferred = CudaFaults.current(place);
            own = deferred == null;
            faults = own ? new CudaFaults(device) : deferred;
            word = faults.word();
        } catch (Throwable e) {
            device.close();
            throw e;
        }
    }

    /**
     * A call at its first tensor's place.
     *
     * @throws IllegalArgumentException if the tensor is null or on a device without kernels
     * @throws KernelException          if it is on a GPU, and the kernels for CUDA cannot be used
     */
    static DeviceCall at(String name, Tensor first) {
        return at(Place.of(name, first));
    }

    static DeviceCall at(Place place) {
        return new DeviceCall(place);
    }

    boolean isCuda() {
        return place.isCuda();
    }

    /* ---- arguments, as in KernelArguments ---- */

    FloatPointer floats(String name, Tensor tensor, long... shape) {
        return KernelArguments.floats(place, name, tensor, shape);
    }

    FloatPointer floatsOrNull(String name, Tensor tensor, long... shape) {
        return tensor == null ? null : floats(name, tensor, shape);
    }

    LongPointer longs(String name, Tensor tensor, long... shape) {
        return KernelArguments.longs(place, name, tensor, shape);
    }

    void check(String name, Tensor tensor, ScalarType dtype, long... shape) {
        KernelArguments.check(place, name, tensor, dtype, shape);
    }

    LogitType checkLogits(String name, Tensor tensor, long... shape) {
        return KernelArguments.checkLogits(place, name, tensor, shape);
    }

    /* ---- results ---- */

    Tensor emptyFloats(long... shape) {
        return place.empty(ScalarType.Float, shape);
    }

    Tensor emptyLongs(long... shape) {
        return place.empty(ScalarType.Long, shape);
    }

    /** Device memory for the call's own use, in the caller's scope; null for none. */
    Tensor workspace(long bytes) {
        return bytes == 0 ? null : place.empty(ScalarType.Byte, bytes);
    }

    /* ---- what the functions for CUDA take last ---- */

    LongPointer fault() {
        return word;
    }

    Pointer stream() {
        return device.stream();
    }

    /** Whether {@link #raise} may have something to say: the text of a shape costs more than a small call on the host. */
    boolean mustAsk(int status) {
        return own || status != ChorusNative.CHORUS_OK;
    }

    /** @throws KernelException unless the status is good, and on a GPU the kernels have found nothing, if it is time to ask */
    void raise(int status, String op, String shape, LogitType type) {
        if (!place.isCuda()) {
            KernelArguments.raise(status, op, shape, type);
        } else if (status != ChorusNative.CHORUS_OK) {
            throw KernelArguments.exception(
                    status,
                    op,
                    shape,
                    type.text,
                    ChorusCudaNative.chorus_cuda_last_error().getString());
        } else if (own) {
            faults.check(device, op, shape, type.text);
        }
    }

    @Override
    public void close() {
        if (!place.isCuda()) {
            return;
        }
        word.close();
        if (own) {
            faults.close();
        }
        device.close();
    }
}
