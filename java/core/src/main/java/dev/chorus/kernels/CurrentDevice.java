package dev.chorus.kernels;

import dev.chorus.bindings.ChorusCudaNative;
import dev.chorus.bindings.ChorusNative;
import dev.chorus.torch.CudaStreams;
import org.bytedeco.javacpp.Pointer;

/** Makes a GPU the calling thread's current one until closed, and knows the stream on which LibTorch launches there now. */
final class CurrentDevice implements AutoCloseable {
    private final Place place;
    private final int previous;
    private final Pointer stream;

    /** @throws KernelException if there is no such device, or the kernels or LibTorch cannot use it; says why */
    CurrentDevice(Place place) {
        this.place = place;
        CudaLibrary.require();
        if (!place.isSimulated() && CudaStreams.missing() != null) {
            throw new KernelException(
                    "use_device", KernelException.Status.CUDA, "[" + place + "]", "any", CudaStreams.missing());
        }
        previous = use(place.index());
        try {
            stream = place.isSimulated() ? null : CudaStreams.current(place.index());
        } catch (Throwable e) {
            restore();
            throw e;
        }
    }

    Place place() {
        return place;
    }

    /** A {@code cudaStream_t}; null for the default stream. */
    Pointer stream() {
        return stream;
    }

    @Override
    public void close() {
        restore();
    }

    private void restore() {
        // To set a device makes a context on it, so that is left alone where it is none's wish.
        if (previous != place.index()) {
            use(previous);
        }
    }

    /** The device that was current. */
    private static int use(int device) {
        int[] previous = new int[1];
        int status = ChorusCudaNative.chorus_cuda_use_device(device, previous);
        if (status != ChorusNative.CHORUS_OK) {
            throw KernelArguments.exception(
                    status,
                    "use_device",
                    "[cuda:" + device + "]",
                    "any",
                    ChorusCudaNative.chorus_cuda_last_error().getString());
        }
        return previous[0];
    }
}
