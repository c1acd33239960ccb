package dev.chorus.kernels;

import dev.chorus.torch.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Log-probabilities of several models and of their mixture, composed from LibTorch's operators. */
final class EnsembleLogProbLibTorch {
    private EnsembleLogProbLibTorch() {}

    /** Of every model [W, N], and of the mixture [N]. */
    record Result(Tensor logps, Tensor mixture) {}

    /**
     * One log-softmax a model, so that only one model's are held at a time, and a log-sum-exp over models.
     *
     * @param logits   [W, N, V]
     * @param targets  [N]
     * @param logOmega [W, 1] logarithms of the mixture's weights
     */
    static Result forward(Tensor logits, Tensor targets, Tensor logOmega) {
        Tensor[] negative = new Tensor[Math.toIntExact(logits.size(0))];
        for (int w = 0; w < negative.length; w++) {
            negative[w] = TokenLogProbLibTorch.negativeLogps(logits.select(0, w), targets);
        }
        Tensor logps = torch.stack(Tensors.vector(negative)).neg_();
        return new Result(logps, logps.add(logOmega).logsumexp(0));
    }
}
