package dev.chorus.torch;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.cuda.CUDAStream;
import org.bytedeco.pytorch.global.torch_cuda;

/** LibTorch's CUDA streams. The class loads LibTorch's half for CUDA, so only what has met a CUDA tensor touches it. */
public final class CudaStreams {
    private CudaStreams() {}

    /**
     * The calling thread's current stream on a device, on which LibTorch launches.
     *
     * @return a {@code cudaStream_t}, null for the default stream
     */
    public static Pointer current(int device) {
        try (CUDAStream stream = torch_cuda.getCurrentCUDAStream((byte) device)) {
            return stream.stream();
        }
    }
}
