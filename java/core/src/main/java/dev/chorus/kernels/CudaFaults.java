package dev.chorus.kernels;

import dev.chorus.bindings.ChorusCudaNative;
import dev.chorus.bindings.ChorusNative;
import dev.chorus.kernels.KernelArguments.LogitType;
import dev.chorus.torch.CudaStreams;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Bad values that kernels on a GPU have found, asked for once for many calls.
 *
 * <p>A kernel on a GPU cannot throw. By default every call of an op waits for its kernels and throws what they found, as on the
 * host; that wait leaves the GPU without work. A training step that makes many calls defers it:
 *
 * <pre>{@code
 * try (CudaFaults faults = CudaFaults.deferred(logits)) {
 *     ...                       // calls return at once; what a bad row gives is NaN
 *     faults.check();           // waits, and throws what the first bad row is
 * }
 * }</pre>
 *
 * <p>It counts for calls of the thread that opened it, on the device of that tensor. Closing does not check.
 */
public final class CudaFaults implements AutoCloseable {
    private static final ThreadLocal<CudaFaults> DEFERRED = new ThreadLocal<>();

    private final Place place;
    private final Pointer stream;
    private final Tensor memory;
    private final LongPointer word;
    private final int previousDevice;
    private CudaFaults outer;
    private boolean deferring;

    /** Of one call, or, after {@link #deferred}, of many. */
    CudaFaults(Place place) {
        this.place = place;
        CudaLibrary.require();
        previousDevice = useDevice(place.index());
        stream = place.isSimulated() ? null : CudaStreams.current(place.index());
        memory = place.empty(ScalarType.Long, 1);
        word = new LongPointer(memory.data_ptr_long());
        raise(ChorusCudaNative.chorus_cuda_clear_fault(word, stream), "clear_fault", "[]", LogitType.F32);
    }

    /**
     * Defers the checks of this thread's calls until {@link #check}.
     *
     * @param tensor any tensor on the device
     * @return what must be closed by the same thread; on the host it does nothing, as calls there throw at once
     */
    public static CudaFaults deferred(Tensor tensor) {
        return deferred(Place.of("tensor", tensor));
    }

    static CudaFaults deferred(Place place) {
        CudaFaults faults = place.isCuda() ? new CudaFaults(place) : new CudaFaults();
        faults.deferring = true;
        faults.outer = DEFERRED.get();
        DEFERRED.set(faults);
        return faults;
    }

    private CudaFaults() {
        place = Place.CPU;
        stream = null;
        memory = null;
        word = null;
        previousDevice = -1;
    }

    /** What calls on this place report to, or null if they check themselves. */
    static CudaFaults current(Place place) {
        CudaFaults faults = DEFERRED.get();
        return faults != null && faults.place.equals(place) ? faults : null;
    }

    /**
     * Waits for the stream.
     *
     * @throws KernelException if a kernel has found a bad value since this was opened: names the op, the first bad row and the
     *                         reason; or if the device has failed
     */
    public void check() {
        check("kernels", "[several calls]", LogitType.F32);
    }

    void check(String op, String shape, LogitType type) {
        if (place.isCuda()) {
            raise(ChorusCudaNative.chorus_cuda_fault_status(word, stream), op, shape, type);
        }
    }

    LongPointer word() {
        return word;
    }

    Pointer stream() {
        return stream;
    }

    @Override
    public void close() {
        if (deferring) {
            DEFERRED.set(outer);
        }
        if (!place.isCuda()) {
            return;
        }
        word.close();
        memory.close();
        useDevice(previousDevice);
    }

    /** The device that was current. */
    private static int useDevice(int device) {
        int[] previous = new int[1];
        raise(ChorusCudaNative.chorus_cuda_use_device(device, previous), "use_device", "[]", LogitType.F32);
        return previous[0];
    }

    private static void raise(int status, String op, String shape, LogitType type) {
        if (status != ChorusNative.CHORUS_OK) {
            throw KernelArguments.exception(
                    status,
                    op,
                    shape,
                    type,
                    ChorusCudaNative.chorus_cuda_last_error().getString());
        }
    }
}
