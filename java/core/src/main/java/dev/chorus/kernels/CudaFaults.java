package dev.chorus.kernels;

import dev.chorus.bindings.ChorusCudaNative;
import dev.chorus.bindings.ChorusNative;
import dev.chorus.torch.Scope;
import org.bytedeco.javacpp.LongPointer;
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
 * <p>It counts for calls of the thread that opened it, on the device of that tensor, as long as LibTorch's current stream there is
 * the one that it was when this was opened. Closing does not check. Calls that need numbers on the host wait all the same:
 * {@link PreferenceLoss}, for its sums and where its tokens end, and the ops over hidden states where rows have weights, for the
 * number of rows that count.
 */
public final class CudaFaults implements AutoCloseable {
    private static final ThreadLocal<CudaFaults> DEFERRED = new ThreadLocal<>();

    private final Place place;
    /** One word; null on the host. */
    private final Tensor memory;

    private CudaFaults outer;
    private boolean deferring;
    private boolean closed;

    /** Of the host, where there is nothing to defer. */
    private CudaFaults(Place host) {
        place = host;
        memory = null;
    }

    /** Of one call, or, after {@link #deferred}, of many. */
    CudaFaults(CurrentDevice device) {
        place = device.place();
        try (Scope scope = new Scope()) {
            // Its life is this object's, not that of the scope around.
            memory = scope.release(place.empty(ScalarType.Long, 1));
            try (LongPointer word = word()) {
                raise(ChorusCudaNative.chorus_cuda_clear_fault(word, device.stream()), "clear_fault", "[]", "any");
            }
        }
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
        CudaFaults faults;
        if (place.isCuda()) {
            try (CurrentDevice device = new CurrentDevice(place)) {
                faults = new CudaFaults(device);
            }
        } else {
            faults = new CudaFaults(place);
        }
        faults.deferring = true;
        faults.outer = DEFERRED.get();
        DEFERRED.set(faults);
        return faults;
    }

    /** What calls on this place report to, or null if they check themselves. */
    static CudaFaults current(Place place) {
        CudaFaults faults = DEFERRED.get();
        while (faults != null && !faults.place.equals(place)) {
            faults = faults.outer;
        }
        return faults;
    }

    /**
     * Waits for LibTorch's current stream.
     *
     * @throws KernelException if a kernel has found a bad value since this was opened: names the op, the first bad row and the
     *                         reason; or if the device has failed
     */
    public void check() {
        check("kernels", "[several calls]", "any");
    }

    /** @param dtype of the calls, for the message */
    void check(String op, String shape, String dtype) {
        if (!place.isCuda()) {
            return;
        }
        try (CurrentDevice device = new CurrentDevice(place)) {
            check(device, op, shape, dtype);
        }
    }

    void check(CurrentDevice device, String op, String shape, String dtype) {
        try (LongPointer word = word()) {
            raise(ChorusCudaNative.chorus_cuda_fault_status(word, device.stream()), op, shape, dtype);
        }
    }

    /** The word, for a call; the caller closes it. */
    LongPointer word() {
        return new LongPointer(memory.data_ptr_long());
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (deferring) {
            DEFERRED.set(outer);
        }
        if (memory != null) {
            memory.close();
        }
    }

    private static void raise(int status, String op, String shape, String dtype) {
        if (status != ChorusNative.CHORUS_OK) {
            throw KernelArguments.exception(
                    status,
                    op,
                    shape,
                    dtype,
                    ChorusCudaNative.chorus_cuda_last_error().getString());
        }
    }
}
