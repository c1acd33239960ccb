package dev.chorus.kernels;

import dev.chorus.benchmarks.Autograd;
import dev.chorus.torch.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Preference losses of P pairs composed from LibTorch's operators in f32; the names are those of the papers. */
final class PreferenceLibTorch {
    private PreferenceLibTorch() {}

    /** Log-probabilities of P answers each, and weights and flips of the pairs. */
    record Pairs(
            Tensor policyChosen,
            Tensor policyRejected,
            Tensor refChosen,
            Tensor refRejected,
            Tensor weights,
            Tensor flip) {}

    /** All [P]: losses (in sorted order where the loss sorts), gradients by the policy's log-probabilities, rewards. */
    record Result(Tensor loss, Tensor dchosen, Tensor drejected, Tensor chosenRewards, Tensor rejectedRewards) {}

    /** DPO with flips (conservative DPO), weighted. */
    static Result sigmoid(Tensor dloss, Pairs pairs, double beta) {
        Ratios ratios = new Ratios(pairs);
        Tensor x = ratios.chosen.sub(ratios.rejected).mul(Tensors.scalar(beta));
        Tensor loss = pairs.flip.mul(x).sub(torch.log_sigmoid(x)).mul(pairs.weights);
        return ratios.result(dloss, loss, beta);
    }

    /** IPO of summed log-probabilities, weighted. */
    static Result ipo(Tensor dloss, Pairs pairs, double beta) {
        Ratios ratios = new Ratios(pairs);
        Tensor distance = ratios.chosen.sub(ratios.rejected).sub(Tensors.scalar(1 / (2 * beta)));
        return ratios.result(dloss, distance.square().mul(pairs.weights), beta);
    }

    /** AOT: margins of policy and reference are sorted before they meet; one epsilon, no weights. */
    static Result aot(Tensor dloss, Pairs pairs, double beta, double epsilon) {
        Ratios ratios = new Ratios(pairs);
        Tensor policy = ratios.policyChosen.sub(ratios.policyRejected).sort().get0();
        Tensor reference = pairs.refChosen.sub(pairs.refRejected).sort().get0();
        Tensor x = policy.sub(reference).mul(Tensors.scalar(beta));
        Tensor loss = x.mul(Tensors.scalar(epsilon)).sub(torch.log_sigmoid(x));
        return ratios.result(dloss, loss, beta);
    }

    /** The policy's log-probabilities as leaves, and their differences from the reference's. */
    private static final class Ratios {
        final Tensor policyChosen;
        final Tensor policyRejected;
        final Tensor chosen;
        final Tensor rejected;

        Ratios(Pairs pairs) {
            policyChosen = Autograd.leaf(pairs.policyChosen);
            policyRejected = Autograd.leaf(pairs.policyRejected);
            chosen = policyChosen.sub(pairs.refChosen);
            rejected = policyRejected.sub(pairs.refRejected);
        }

        Result result(Tensor dloss, Tensor loss, double beta) {
            TensorVector gradients = Autograd.gradients(loss, dloss, policyChosen, policyRejected);
            return new Result(
                    loss,
                    gradients.get(0),
                    gradients.get(1),
                    chosen.detach().mul(Tensors.scalar(beta)),
                    rejected.detach().mul(Tensors.scalar(beta)));
        }
    }
}
