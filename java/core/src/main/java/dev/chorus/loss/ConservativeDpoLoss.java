package dev.chorus.loss;

import dev.chorus.kernels.PreferenceLoss;
import dev.chorus.kernels.PreferenceSpec.Kind;
import dev.chorus.kernels.PreferenceSpec;
import dev.chorus.torch.Tensors;

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
        PreferenceLoss.Result result = PreferenceLoss.compute(
                PreferenceSpec.of(Kind.SIGMOID, beta, epsilon),
                PreferenceLoss.Pairs.of(
                        Tensors.floats(chosen, p),
                        Tensors.floats(rejected, p),
                        Tensors.floats(referenceChosen, p),
                        Tensors.floats(referenceRejected, p)),
                PreferenceLoss.Upstream.of(p == 0 ? 0 : 1.0 / p));
        return new Value(
                result.lossSum() / p,
                Tensors.toFloats(result.dchosen()),
                Tensors.toFloats(result.drejected()),
                (double) result.right() / p);
    }
}
