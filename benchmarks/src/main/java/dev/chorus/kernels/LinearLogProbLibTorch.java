package dev.chorus.kernels;

import dev.chorus.benchmarks.Autograd;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** The log-probabilities of a language model's head, composed from LibTorch's operators: all logits at once. */
final class LinearLogProbLibTorch {
    private LinearLogProbLibTorch() {}

    /** Log-probability of every target [N], and gradients with respect to hidden states [N, C] and head weight [V, C]. */
    record Result(Tensor logps, Tensor dhidden, Tensor dweight) {}

    /** Linear layer and cross-entropy, and autograd's gradients of {@code sum(dlogps * logps)}. */
    static Result logpsAndGradients(Tensor dlogps, Tensor hidden, Tensor weight, Tensor targets) {
        Tensor h = Autograd.leaf(hidden);
        Tensor w = Autograd.leaf(weight);
        Tensor negative = TokenLogProbLibTorch.negativeLogps(torch.linear(h, w), targets);
        TensorVector gradients = Autograd.gradients(negative, dlogps.neg(), h, w);
        return new Result(negative.detach().neg(), gradients.get(0), gradients.get(1));
    }

    /**
     * The products that no implementation can do without: logits, and from their gradient those of hidden states and weight.
     * Buffers are given, nothing is allocated; the logits stand in for their gradient.
     */
    static void products(Tensor logits, Tensor dhidden, Tensor dweight, Tensor hidden, Tensor weight) {
        torch.mm_out(logits, hidden, weight.t());
        torch.mm_out(dhidden, logits, weight);
        torch.mm_out(dweight, logits.t(), hidden);
    }
}
