package dev.chorus.train;

import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;

/** Starts autograd from a gradient that a loss has made. */
final class Backward {
    private Backward() {}

    /** Adds the parameters' gradients, given the derivative of the loss by {@code output}. */
    static void from(Tensor output, Tensor gradient) {
        output.backward(gradient, new BoolOptional(), false, new TensorArrayRefOptional());
    }
}
