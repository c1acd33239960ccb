package dev.chorus.kernels;

import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Tag;

/**
 * The facades' way to a device, without one: the library in libchorus_cuda's place runs the same kernels on the host (C++ folder
 * {@code native/testing/simt}), and "device memory" is the host's. In a JVM of its own, as a library is loaded once.
 */
@Tag("simulated")
class SimulatedKernelsTest extends DeviceKernels {
    @Override
    Tensor bring(Tensor tensor) {
        return tensor.clone();
    }

    @Override
    <T> T onDevice(Supplier<T> calls) {
        Place.simulateCuda(true);
        try {
            return calls.get();
        } finally {
            Place.simulateCuda(false);
        }
    }
}
