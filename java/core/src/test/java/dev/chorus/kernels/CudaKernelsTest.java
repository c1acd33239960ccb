package dev.chorus.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.chorus.torch.CudaStreams;
import dev.chorus.torch.LibTorchJars;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;

/** The facades on a GPU; skipped where there is none, or LibTorch is the one for CPUs. */
@Tag("cuda")
class CudaKernelsTest extends DeviceKernels {
    @BeforeEach
    void requireGpu() {
        // With a GPU and the LibTorch for it, what does not work is no reason to skip.
        boolean meant =
                LibTorchJars.find().areForGpus() && !CudaLibrary.look().gpus().isEmpty();
        assumeTrue(meant, "there is no GPU, or LibTorch is the one for CPUs");
        assertThat(CudaLibrary.look().missing()).isNull();
        assertThat(CudaStreams.missing()).isNull();
    }

    @Override
    Tensor bring(Tensor tensor) {
        return tensor.cuda();
    }

    @Override
    <T> T onDevice(Supplier<T> calls) {
        return calls.get();
    }
}
