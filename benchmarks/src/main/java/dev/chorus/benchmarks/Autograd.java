package dev.chorus.benchmarks;

import dev.chorus.torch.Tensors;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** LibTorch's own backward. Gradients are returned, not added up in the inputs, so no buffer is cleared or kept. */
public final class Autograd {
    private Autograd() {}

    /** The same values as a leaf that gradients are wanted of; shares the memory. */
    public static Tensor leaf(Tensor values) {
        return values.detach().requires_grad_(true);
    }

    /** Gradients of {@code sum(gradient * output)} by the inputs; frees the graph. */
    public static TensorVector gradients(Tensor output, Tensor gradient, Tensor... inputs) {
        return gradients(output, gradient, false, inputs);
    }

    /** As {@link #gradients}, and keeps the graph, so that the backward alone can run again. */
    public static TensorVector gradientsAgain(Tensor output, Tensor gradient, Tensor... inputs) {
        return gradients(output, gradient, true, inputs);
    }

    private static TensorVector gradients(Tensor output, Tensor gradient, boolean keepGraph, Tensor... inputs) {
        return torch.grad(
                Tensors.vector(output),
                Tensors.vector(inputs),
                Tensors.vector(gradient),
                new BoolOptional(keepGraph),
                false,
                false);
    }
}
