package dev.chorus.torch;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.cuda.CUDAStream;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_cuda;

/**
 * LibTorch's CUDA streams. They are in LibTorch's half for CUDA, a library of its own with many libraries under it; it is loaded by
 * whoever asks here first.
 */
public final class CudaStreams {
    private static boolean tried;
    /** Null before it has been tried, and if all is well. */
    private static String missing;

    private CudaStreams() {}

    /** Why streams of LibTorch cannot be had on this machine, with the cure; null if they can. Throws nothing. */
    public static synchronized String missing() {
        if (!tried) {
            tried = true;
            missing = load();
        }
        return missing;
    }

    /**
     * The calling thread's current stream on a device, on which LibTorch launches.
     *
     * @return a {@code cudaStream_t}, null for the default stream
     * @throws IllegalStateException if there are none; says why and what to do
     */
    public static Pointer current(int device) {
        if (missing() != null) {
            throw new IllegalStateException(missing());
        }
        return Presets.current(device);
    }

    private static String load() {
        try {
            LibTorch.load();
            if (!torch.cuda_is_available()) {
                return LibTorchJars.find().areForGpus()
                        ? "LibTorch for GPUs finds no device: a driver is missing, or libraries that it needs, which are CUDA 13's"
                                + " cuBLAS and its like, cuDNN 9 and NCCL; put them on the library path, or build with mvn"
                                + " -Pgpu,gpu-redist"
                        : "LibTorch is the one for CPUs; build with mvn -Pgpu, or put pytorch's -gpu jar in its place";
            }
            Presets.current(0);
            return null;
        } catch (LinkageError | RuntimeException e) {
            Throwable cause = e;
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            return "LibTorch's half for CUDA does not load (" + cause
                    + "): on the class path it needs org.bytedeco:cuda with and without the platform's classifier, on the library"
                    + " path CUDA 13's cuBLAS, cuSOLVER, cuSPARSE and CUPTI, cuDNN 9 and NCCL (mvn -Pgpu, or -Pgpu,gpu-redist"
                    + " for all of them)";
        }
    }

    /** What names classes of the CUDA presets, which need not be on the class path: loaded only when it is called. */
    private static final class Presets {
        static Pointer current(int device) {
            try (CUDAStream stream = torch_cuda.getCurrentCUDAStream((byte) device)) {
                return stream.stream();
            }
        }
    }
}
