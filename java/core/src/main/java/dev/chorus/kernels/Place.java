package dev.chorus.kernels;

import dev.chorus.torch.Tensors;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Where the tensors of one call lie: in the host's memory, or on a GPU.
 *
 * @param index of the GPU; -1 for the host
 */
record Place(int index) {
    static final Place CPU = new Place(-1);

    /** Set by tests that call the kernels for CUDA on a simulated device, whose memory is the host's. */
    private static volatile boolean simulated;

    static void simulateCuda(boolean simulate) {
        simulated = simulate;
    }

    /**
     * The place of a call's first tensor.
     *
     * @throws IllegalArgumentException if it is null or on a device that has no kernels
     */
    static Place of(String name, Tensor tensor) {
        requirePresent(name, tensor);
        if (tensor.is_cpu()) {
            return simulated ? new Place(0) : CPU;
        }
        if (tensor.is_cuda()) {
            return new Place(indexOf(tensor));
        }
        throw new IllegalArgumentException(
                name + ": expected a tensor on the CPU or a CUDA device, got one on " + deviceOf(tensor));
    }

    boolean isCuda() {
        return index >= 0;
    }

    /** Whether the device is not there, and the host's memory plays its part. */
    boolean isSimulated() {
        return isCuda() && simulated;
    }

    /** @throws IllegalArgumentException unless the tensor lies here */
    void require(String name, Tensor tensor) {
        boolean onHost = isSimulated() || !isCuda();
        boolean here = onHost ? tensor.is_cpu() : tensor.is_cuda() && indexOf(tensor) == index;
        if (!here) {
            throw new IllegalArgumentException(
                    name + ": expected a tensor on " + this + " as the first one, got one on " + deviceOf(tensor));
        }
    }

    /** An uninitialised tensor here, attached to the caller's scope; the default dtype and device do not matter. */
    Tensor empty(ScalarType type, long... shape) {
        // Closed here, so that only the result stays behind in the caller's scope.
        try (TensorOptions options = new TensorOptions(type)) {
            if (!isCuda() || isSimulated()) {
                return torch.empty(shape, options, null);
            }
            try (Device device = new Device(DeviceType.CUDA, (byte) index);
                    DeviceOptional here = new DeviceOptional(device);
                    TensorOptions there = options.device(here)) {
                return torch.empty(shape, there, null);
            }
        }
    }

    /** The numbers from 0 to count - 1, int64, here, in the caller's scope; on a GPU nothing is waited for. */
    Tensor range(int count) {
        Tensor numbers = empty(ScalarType.Long, count);
        return torch.arange_out(numbers, new Scalar(count));
    }

    /** A tensor of the host here, in the caller's scope. */
    Tensor bring(Tensor tensor) {
        if (!isCuda() || isSimulated()) {
            return tensor;
        }
        return empty(tensor.scalar_type().intern(), Tensors.shape(tensor)).copy_(tensor);
    }

    @Override
    public String toString() {
        return isCuda() ? "cuda:" + index : "cpu";
    }

    private static int indexOf(Tensor tensor) {
        try (Device device = tensor.device()) {
            return device.index();
        }
    }

    private static String deviceOf(Tensor tensor) {
        try (Device device = tensor.device()) {
            return device.str().getString();
        }
    }

    /** @throws IllegalArgumentException if there is no tensor */
    static void requirePresent(String name, Tensor tensor) {
        if (tensor == null || tensor.isNull() || !tensor.defined()) {
            throw new IllegalArgumentException(name + ": expected a tensor, got "
                    + (tensor == null || tensor.isNull() ? "null" : "an undefined one"));
        }
    }
}
