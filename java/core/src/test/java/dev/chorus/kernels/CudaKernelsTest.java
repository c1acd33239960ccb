package dev.chorus.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.chorus.torch.LibTorch;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;

/** The facades on a GPU; skipped where there is none, or LibTorch is the one for CPUs. */
@Tag("cuda")
class CudaKernelsTest extends DeviceKernels {
    @BeforeEach
    void requireGpu() {
        LibTorch.load();
        assumeTrue(torch.cuda_is_available(), "LibTorch has no CUDA device");
        assertThat(CudaLibrary.look().missing()).isNull();
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
