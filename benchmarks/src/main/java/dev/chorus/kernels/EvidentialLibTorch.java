package dev.chorus.kernels;

import dev.chorus.benchmarks.Autograd;
import dev.chorus.math.SpecialFunctions;
import dev.chorus.torch.Tensors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** {@link EvidentialLoss} of exp evidence with labels of equal weight, composed from LibTorch's operators in f32. */
final class EvidentialLibTorch {
    private EvidentialLibTorch() {}

    /** The loss of every row [N] and its gradient with respect to the logits [N, K]. */
    record Result(Tensor loss, Tensor dlogits) {}

    /**
     * Loss of every row [N].
     *
     * <p>The NLL is linear in the labels, so their mean is enough for it; in the KL term the sum over classes of
     * {@code (a - 1) psi(A)} is {@code (A - K) psi(A)}, which needs {@code psi(A)} once a label instead of once a class. Its
     * limit of the logits to 40 is left out: it changes nothing at the logits that are measured.
     *
     * @param logits   [N, K] f32, or bf16, which is widened first
     * @param targets  [N, W, K] soft labels
     * @param klWeight of the KL term
     */
    static Tensor loss(Tensor logits, Tensor targets, double klWeight) {
        double classes = logits.size(1);
        Scalar one = Tensors.scalar(1);
        Tensor evidence = logits.toType(ScalarType.Float).exp();
        Tensor alpha = evidence.add(one);
        Tensor logRatio = alpha.sum(new long[] {1}, true, null).log().sub(alpha.log());
        Tensor nll = targets.mean(1).mul(logRatio).sum(1);

        Tensor wrongEvidence = torch.rsub(targets, one, one).mul(evidence.unsqueeze(1));
        Tensor concentration = wrongEvidence.add(one);
        Tensor total = wrongEvidence.sum(2);
        Tensor strength = total.add(Tensors.scalar(classes));
        Tensor perClass = wrongEvidence.mul(concentration.digamma()).sub(concentration.lgamma());
        Tensor kl = strength.lgamma()
                .sub(total.mul(strength.digamma()))
                .add(perClass.sum(2))
                .mean(1);
        double constant = -klWeight * SpecialFunctions.lnGamma(classes);
        return nll.add(kl, Tensors.scalar(klWeight)).add(Tensors.scalar(constant));
    }

    /** {@link #loss} and autograd's gradient of {@code sum(dloss * loss)}. */
    static Result lossAndGradient(Tensor dloss, Tensor logits, Tensor targets, double klWeight) {
        Tensor leaf = Autograd.leaf(logits);
        Tensor loss = loss(leaf, targets, klWeight);
        return new Result(loss, Autograd.gradients(loss, dloss, leaf).get(0));
    }
}
