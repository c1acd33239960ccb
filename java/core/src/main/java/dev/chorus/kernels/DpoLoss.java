package dev.chorus.kernels;

import dev.chorus.bindings.ChorusNative;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Tensor;

/**
 * Direct preference optimisation of P pairs of sequences, with the conservative form for labels that may be swapped.
 *
 * <pre>{@code
 * reward = beta (policy - ref)
 * x      = chosenReward - rejectedReward
 * loss   = w (softplus(-x) + flip x)                 softplus(-x) = -ln sigma(x)
 *
 * dloss/dpolicyChosen = w beta (flip - sigma(-x)) = -dloss/dpolicyRejected
 * }</pre>
 *
 * <p>Rafailov et al., arXiv:2305.18290, Eq. 7. With flip &gt; 0: cDPO, "A note on DPO with noisy preferences" by Eric
 * Mitchell; it equals {@code -(1 - flip) ln sigma(x) - flip ln sigma(-x)} and is stationary at the finite margin
 * {@code ln((1 - flip) / flip)}. Here flip is given for each pair, so that it can carry how reliable the pair's label is.
 *
 * <p>Log-probabilities are sums (or means) over the tokens of an answer, in nats, [P] f32 on the CPU. Arithmetic is in double;
 * results are rounded to f32 once. A pair of weight 0 is not looked at and gives 0 everywhere.
 */
public final class DpoLoss {
    private DpoLoss() {}

    /**
     * Forward results, each [P] f32; the caller owns them.
     *
     * @param loss            in nats, multiplied by the pair's weight
     * @param chosenRewards   {@code beta (policyChosen - refChosen)}, not multiplied by the weight
     * @param rejectedRewards {@code beta (policyRejected - refRejected)}, not multiplied by the weight
     */
    public record Result(Tensor loss, Tensor chosenRewards, Tensor rejectedRewards) {}

    /**
     * Gradients with respect to the policy's log-probabilities, each [P] f32; the caller owns them.
     *
     * @param dchosen   with respect to policyChosen
     * @param drejected with respect to policyRejected; the negative of dchosen
     */
    public record Gradient(Tensor dchosen, Tensor drejected) {}

    /**
     * Computes the loss of each pair; no argument is modified.
     *
     * @param policyChosen   [P] f32, finite: the policy's log-probability of the chosen answer
     * @param policyRejected [P] f32, finite: the policy's log-probability of the rejected answer
     * @param refChosen      [P] f32, finite: the reference's log-probability of the chosen answer
     * @param refRejected    [P] f32, finite: the reference's log-probability of the rejected answer
     * @param weights        [P] f32, finite and at least 0, or null for 1
     * @param flip           [P] f32 in [0, 1]: probability that chosen and rejected are swapped; null for 0
     * @param beta           finite and above 0
     * @return new tensors, attached to the caller's {@code PointerScope}
     * @throws IllegalArgumentException if a shape, dtype, device, stride or beta is not as above
     * @throws KernelException          if a pair holds a value that is not as above; names the first such pair
     */
    public static Result forward(
            Tensor policyChosen,
            Tensor policyRejected,
            Tensor refChosen,
            Tensor refRejected,
            Tensor weights,
            Tensor flip,
            double beta) {
        Call call = new Call(policyChosen, policyRejected, refChosen, refRejected, weights, flip, beta);
        Tensor loss = KernelArguments.emptyFloats(call.pairs);
        Tensor chosenRewards = KernelArguments.emptyFloats(call.pairs);
        Tensor rejectedRewards = KernelArguments.emptyFloats(call.pairs);
        int status = ChorusNative.chorus_dpo_forward_f32(
                loss.data_ptr_float(),
                chosenRewards.data_ptr_float(),
                rejectedRewards.data_ptr_float(),
                call.policyChosen,
                call.policyRejected,
                call.refChosen,
                call.refRejected,
                call.weights,
                call.flip,
                call.pairs,
                beta);
        KernelArguments.keepAlive(loss, chosenRewards, rejectedRewards);
        KernelArguments.keepAlive(policyChosen, policyRejected, refChosen, refRejected, weights, flip);
        KernelArguments.raise(status, "dpo_forward", call.shape());
        return new Result(loss, chosenRewards, rejectedRewards);
    }

    /**
     * Gradient of {@code sum_n dloss_n loss_n} with respect to the policy's log-probabilities; no argument is modified.
     *
     * @param dloss [P] f32, finite; {@code 1/P} for the mean over pairs
     * @return new tensors, attached to the caller's {@code PointerScope}
     * @throws IllegalArgumentException as {@link #forward}
     * @throws KernelException          as {@link #forward}, or if dloss is not finite
     */
    public static Gradient backward(
            Tensor dloss,
            Tensor policyChosen,
            Tensor policyRejected,
            Tensor refChosen,
            Tensor refRejected,
            Tensor weights,
            Tensor flip,
            double beta) {
        Call call = new Call(policyChosen, policyRejected, refChosen, refRejected, weights, flip, beta);
        FloatPointer d = KernelArguments.floats("dloss", dloss, call.pairs);
        Tensor dchosen = KernelArguments.emptyFloats(call.pairs);
        Tensor drejected = KernelArguments.emptyFloats(call.pairs);
        int status = ChorusNative.chorus_dpo_backward_f32(
                dchosen.data_ptr_float(),
                drejected.data_ptr_float(),
                d,
                call.policyChosen,
                call.policyRejected,
                call.refChosen,
                call.refRejected,
                call.weights,
                call.flip,
                call.pairs,
                beta);
        KernelArguments.keepAlive(dchosen, drejected, dloss);
        KernelArguments.keepAlive(policyChosen, policyRejected, refChosen, refRejected, weights, flip);
        KernelArguments.raise(status, "dpo_backward", call.shape());
        return new Gradient(dchosen, drejected);
    }

    /** The arguments that both directions share, checked. */
    private static final class Call {
        final long pairs;
        final FloatPointer policyChosen;
        final FloatPointer policyRejected;
        final FloatPointer refChosen;
        final FloatPointer refRejected;
        final FloatPointer weights;
        final FloatPointer flip;

        Call(
                Tensor policyChosen,
                Tensor policyRejected,
                Tensor refChosen,
                Tensor refRejected,
                Tensor weights,
                Tensor flip,
                double beta) {
            pairs = KernelArguments.size("policyChosen", policyChosen, 0, "P");
            this.policyChosen = KernelArguments.floats("policyChosen", policyChosen, pairs);
            this.policyRejected = KernelArguments.floats("policyRejected", policyRejected, pairs);
            this.refChosen = KernelArguments.floats("refChosen", refChosen, pairs);
            this.refRejected = KernelArguments.floats("refRejected", refRejected, pairs);
            this.weights = KernelArguments.floatsOrNull("weights", weights, pairs);
            this.flip = KernelArguments.floatsOrNull("flip", flip, pairs);
            if (!(beta > 0 && beta < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("beta: expected a finite number above 0, got " + beta);
            }
        }

        String shape() {
            return "[P=" + pairs + "]";
        }
    }
}
