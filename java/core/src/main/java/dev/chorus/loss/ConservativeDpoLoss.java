package dev.chorus.loss;

import dev.chorus.kernels.PreferenceLoss;
import dev.chorus.kernels.PreferenceSpec;
import dev.chorus.kernels.PreferenceSpec.Kind;
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
     * @param sum       of the pairs' losses, each times its weight, nats
     * @param count     sum of the weights
     * @param dchosen   [P] derivative of {@code sum / total} by the chosen sequences' log-probabilities
     * @param drejected [P] by the rejected ones'
     * @param right     pairs whose chosen reward is above the rejected one's
     * @param margin    sum of chosen reward minus rejected reward, beta times the log-ratios' difference
     */
    public record Value(double sum, double count, float[] dchosen, float[] drejected, long right, double margin) {
        /** Mean loss; 0 without a pair. */
        public double value() {
            return count == 0 ? 0 : sum / count;
        }

        /** Share of pairs whose chosen reward is above the rejected one's. */
        public double accuracy() {
            return (double) right / dchosen.length;
        }
    }

    /** Value and gradients of the mean; all arrays [P] of summed sequence log-probabilities in nats. */
    public Value of(float[] chosen, float[] rejected, float[] referenceChosen, float[] referenceRejected) {
        return of(chosen, rejected, referenceChosen, referenceRejected, null, chosen.length);
    }

    /**
     * The same with weights, a part of a larger mean.
     *
     * @param weights [P] at least 0, or null for 1 each
     * @param total   what the gradient is divided by: the weights of all parts
     */
    public Value of(
            float[] chosen,
            float[] rejected,
            float[] referenceChosen,
            float[] referenceRejected,
            float[] weights,
            double total) {
        return of(chosen, rejected, referenceChosen, referenceRejected, weights, null, total);
    }

    /**
     * The same with a flip probability of each pair.
     *
     * @param flips [P] in [0, 1], in place of epsilon; null for epsilon
     */
    public Value of(
            float[] chosen,
            float[] rejected,
            float[] referenceChosen,
            float[] referenceRejected,
            float[] weights,
            float[] flips,
            double total) {
        int p = chosen.length;
        PreferenceLoss.Result result = PreferenceLoss.compute(
                PreferenceSpec.of(Kind.SIGMOID, beta, epsilon),
                PreferenceLoss.Pairs.of(
                                Tensors.floats(chosen, p),
                                Tensors.floats(rejected, p),
                                Tensors.floats(referenceChosen, p),
                                Tensors.floats(referenceRejected, p))
                        .with(
                                weights == null ? null : Tensors.floats(weights, p),
                                flips == null ? null : Tensors.floats(flips, p)),
                PreferenceLoss.Upstream.of(total == 0 ? 0 : 1.0 / total));
        double count = p;
        if (weights != null) {
            count = 0;
            for (float weight : weights) {
                count += weight;
            }
        }
        return new Value(
                result.lossSum(),
                count,
                Tensors.toFloats(result.dchosen()),
                Tensors.toFloats(result.drejected()),
                result.right(),
                result.marginSum());
    }
}
