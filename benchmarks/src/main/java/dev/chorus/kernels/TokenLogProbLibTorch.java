package dev.chorus.kernels;

import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** {@link TokenLogProb} composed from LibTorch's operators; autograd knows the backward of each. */
final class TokenLogProbLibTorch {
    private static final long NO_REDUCTION = 0;
    private static final long IGNORE_NOTHING = -100;

    private TokenLogProbLibTorch() {}

    /**
     * Negative log-probability of the targets [N], f32: what cross-entropy computes, and nothing else. bf16 logits are widened
     * by {@code log_softmax}, as is usual: in bf16 a log-probability would keep two or three digits.
     */
    static Tensor negativeLogps(Tensor logits, Tensor targets) {
        return torch.nll_loss(logSoftmax(logits), targets, new TensorOptional(), NO_REDUCTION, IGNORE_NOTHING);
    }

    /** Log-probability, log-sum-exp and entropy, each [N], from one {@code log_softmax}. */
    static TokenLogProb.Result all(Tensor logits, Tensor targets) {
        Tensor column = targets.unsqueeze(1);
        Tensor logp = logSoftmax(logits);
        Tensor logps = logp.gather(1, column).squeeze(1);
        Tensor lse = logits.gather(1, column).squeeze(1).sub(logps);
        Tensor entropy = logp.exp().mul_(logp).sum(1).neg_();
        return new TokenLogProb.Result(logps, lse, entropy);
    }

    private static Tensor logSoftmax(Tensor logits) {
        return torch.log_softmax(logits, 1, new ScalarTypeOptional(ScalarType.Float));
    }
}
