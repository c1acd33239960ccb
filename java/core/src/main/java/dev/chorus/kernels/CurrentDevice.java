package dev.chorus.kernels;

import dev.chorus.bindings.ChorusCudaNative;
import dev.chorus.bindings.ChorusNative;
import dev.chorus.kernels.KernelArguments.LogitType;
import dev.chorus.torch.CudaStreams;
import org.bytedeco.javacpp.Pointer;

/** Makes a GPU the calling thread's current one until closed, and knows the stream on which LibTorch launches there now. */
final class CurrentDevice implements AutoCloseable {
    private final int previous;
    private final Pointer stream;

    /** @throws KernelException if there is no such device */
    CurrentDevice(Place place) {
        previous = use(place.index());
        try {
            stream = place.isSimulated() ? null : CudaStreams.current(place.index());
        } catch (Throwable e) {
            use(previous);
            throw e;
        }
    }

    /** A {@code cudaStream_t}; null for the default stream. */
    Pointer stream() {
        return stream;
    }

    @Override
    public void close() {
        use(previous);
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
                    LogitType.F32,
                    ChorusCudaNative.chorus_cuda_last_error().getString());
        }
        return previous[0];
    }
}
