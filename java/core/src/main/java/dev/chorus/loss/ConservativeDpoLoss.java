package dev.chorus.loss;

import dev.chorus.kernels.DpoLoss;
import dev.chorus.torch.Tensors;
import java.util.Arrays;

/**
 * Direct preference optimisation with a flip probability (conservative DPO; Rafailov et al., arXiv:2305.18290; used beyond
 * teacher forcing by Cui et al., arXiv:2406.03199).
 *
 * <pre>{@code
 * x = beta ((log pi_c - log ref_c) - (log pi_r - log ref_r))
 * L = mean_p softplus(-x_p) + epsilon x_p
 * }</pre>
 *
 * @param beta    strength of the pull towards the reference, above 0
 * @param epsilon probability that a pair is the wrong way round, 0 to below 0.5
 */
public record ConservativeDpoLoss(double beta, double epsilon) {
    /** Refuses a beta or epsilon outside its range. */
    public ConservativeDpoLoss {
        if (!(beta > 0) || !(epsilon >= 0 && epsilon < 0.5)) {
            throw new IllegalArgumentException(
                    "expected beta above 0 and epsilon in [0, 0.5), got beta " + beta + ", epsilon " + epsilon);
        }
    }

    /**
     * What a batch of pairs gives.
     *
     * @param value     mean loss, nats
     * @param dchosen   [P] derivative of the value by the chosen sequences' log-probabilities
     * @param drejected [P] by the rejected ones'
     * @param accuracy  share of pairs whose chosen reward is above the rejected one's
     */
    public record Value(double value, float[] dchosen, float[] drejected, double accuracy) {}

    /** Value and gradients; all arrays [P] of summed sequence log-probabilities in nats. */
    public Value of(float[] chosen, float[] rejected, float[] referenceChosen, float[] referenceRejected) {
        int p = chosen.length;
        var policyChosen = Tensors.floats(chosen, p);
        var policyRejected = Tensors.floats(rejected, p);
        var refChosen = Tensors.floats(referenceChosen, p);
        var refRejected = Tensors.floats(referenceRejected, p);
        var flip = Tensors.floats(filled(p, (float) epsilon), p);
        DpoLoss.Result forward =
                DpoLoss.forward(policyChosen, policyRejected, refChosen, refRejected, null, flip, beta);
        double sum = 0;
        for (float loss : Tensors.toFloats(forward.loss())) {
            sum += loss;
        }
        float[] chosenRewards = Tensors.toFloats(forward.chosenRewards());
        float[] rejectedRewards = Tensors.toFloats(forward.rejectedRewards());
        int right = 0;
        for (int i = 0; i < p; i++) {
            right += chosenRewards[i] > rejectedRewards[i] ? 1 : 0;
        }
        DpoLoss.Gradient gradient = DpoLoss.backward(
                Tensors.floats(filled(p, 1f / p), p),
                policyChosen,
                policyRejected,
                refChosen,
                refRejected,
                null,
                flip,
                beta);
        return new Value(
                sum / p,
                Tensors.toFloats(gradient.dchosen()),
                Tensors.toFloats(gradient.drejected()),
                (double) right / p);
    }

    private static float[] filled(int n, float value) {
        float[] out = new float[n];
        Arrays.fill(out, value);
        return out;
    }
}
