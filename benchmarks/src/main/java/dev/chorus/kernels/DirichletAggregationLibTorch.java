package dev.chorus.kernels;

import dev.chorus.torch.Tensors;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Dirichlet posteriors of N items and their measures, composed from LibTorch's operators in f32. */
final class DirichletAggregationLibTorch {
    private DirichletAggregationLibTorch() {}

    /** alpha, p, belief and variance [N, K]; the label and the others [N], entropies in nats. */
    record Result(
            Tensor alpha,
            Tensor p,
            Tensor belief,
            Tensor variance,
            Tensor label,
            Tensor total,
            Tensor expected,
            Tensor mutual,
            Tensor differential,
            Tensor epkl,
            Tensor vacuity) {}

    /** Concentrations [N, K] of soft labels [N, W, K] that count for labelerWeights [W] votes. */
    static Tensor ofLabels(Tensor labels, Tensor labelerWeights, Tensor prior) {
        return torch.matmul(labelerWeights, labels).add_(prior);
    }

    /** Concentrations [N, K] of votes [N, W], none of them missing. */
    static Tensor ofVotes(Tensor votes, Tensor labelerWeights, Tensor prior) {
        return prior.repeat(votes.size(0), 1)
                .scatter_add_(1, votes, labelerWeights.unsqueeze(0).expand(votes.size(0), votes.size(1)));
    }

    /**
     * The measures of concentrations [N, K]. {@code psi(x) = psi(x + 1) - 1 / x} gives the differential entropy the digammas of
     * the expected one.
     */
    static Result measures(Tensor alpha) {
        double classes = alpha.size(1);
        Scalar one = Tensors.scalar(1);
        Tensor strength = alpha.sum(new long[] {1}, true, null);
        Tensor p = alpha.div(strength);
        Tensor digamma = alpha.add(one).digamma_();
        Tensor digammaStrength = strength.add(one).digamma_();
        Tensor flat = strength.squeeze(1);
        Tensor flatDigamma = digammaStrength.squeeze(1);

        Tensor total = torch.special_entr(p).sum(1);
        Tensor expected = flatDigamma.sub(p.mul(digamma).sum(1));
        Tensor evidence = alpha.sub(one);
        Tensor differential = alpha.lgamma()
                .sub_(evidence.mul(digamma.sub(alpha.reciprocal())))
                .sum(1)
                .sub_(flat.lgamma())
                .add_(flat.sub(Tensors.scalar(classes)).mul_(flatDigamma.sub(flat.reciprocal())));
        return new Result(
                alpha,
                p,
                evidence.div(strength),
                p.sub(p.square()).div_(strength.add(one)),
                alpha.argmax(new LongOptional(1), false),
                total,
                expected,
                total.sub(expected).clamp_min_(Tensors.scalar(0)),
                differential,
                flat.reciprocal().mul_(Tensors.scalar(classes - 1)),
                flat.reciprocal().mul_(Tensors.scalar(classes)));
    }
}
