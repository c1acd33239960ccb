package dev.chorus.model;

import dev.chorus.model.block.Block;
import dev.chorus.model.block.PassContext;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;

/**
 * One way of a batch through a decoder and back: a loss takes {@link #hidden}, makes the gradient of what it computed from it,
 * and hands both to {@link #backward}.
 *
 * <p>Belongs to the scope that was open when it was made. {@code backward} may be called once.
 */
public final class Pass {
    private final Tensor hidden;
    private final Runnable rest;

    private Pass(Tensor hidden, Runnable rest) {
        this.hidden = hidden;
        this.rest = rest;
    }

    /** The hidden states hold the whole graph. */
    static Pass of(Tensor hidden) {
        return new Pass(hidden, () -> {});
    }

    /** Only the blocks' inputs are kept; each block is computed again when its gradient is due. */
    static Pass checkpointed(Tensor embedded, List<Block> blocks, PassContext context, UnaryOperator<Tensor> finish) {
        List<Tensor> inputs = new ArrayList<>();
        Tensor x = embedded.detach();
        try (Tensors.GradientMode off = Tensors.withoutGradients()) {
            for (Block block : blocks) {
                inputs.add(x);
                try (Scope scope = new Scope()) {
                    x = scope.handOver(block.of(x, context));
                }
            }
        }
        Tensor last = x.detach();
        last.set_requires_grad(true);
        return new Pass(finish.apply(last), () -> {
            Tensor gradient = last.grad();
            for (int i = blocks.size() - 1; i >= 0; i--) {
                try (Scope scope = new Scope()) {
                    Tensor input = inputs.get(i).detach();
                    input.set_requires_grad(true);
                    run(blocks.get(i).of(input, context), gradient);
                    // grad() is a view into its tensor, which ends with this scope.
                    gradient = scope.handOver(input.grad().detach());
                }
            }
            if (embedded.requires_grad()) {
                run(embedded, gradient);
            }
        });
    }

    /** The final hidden states [N, E] in the decoder's precision. */
    public Tensor hidden() {
        return hidden;
    }

    /**
     * Adds the gradients of the parameters.
     *
     * @param output   computed from {@link #hidden}
     * @param gradient of the loss with respect to it, in its dtype
     */
    public void backward(Tensor output, Tensor gradient) {
        run(output, gradient);
        rest.run();
    }

    private static void run(Tensor output, Tensor gradient) {
        output.backward(gradient, new BoolOptional(), false, new TensorArrayRefOptional());
    }
}
