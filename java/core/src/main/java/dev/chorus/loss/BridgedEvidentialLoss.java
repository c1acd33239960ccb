package dev.chorus.loss;

import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.kernels.HeadGradients;
import dev.chorus.kernels.LanguageHead;
import dev.chorus.kernels.LinearEvidentialLoss;
import dev.chorus.kernels.LinearLogProb;
import dev.chorus.torch.Tensors;
import org.bytedeco.pytorch.Tensor;

/**
 * The token loss of the Bayesian multi-weak ensemble for generation (Cui et al., arXiv:2406.03199): the evidential loss against the
 * soft target of {@link BridgedKlLoss}, by {@link LinearEvidentialLoss}.
 *
 * <pre>{@code
 * t_l = s,  t_j = p_j (1 - s) / (1 - p_l)
 * L   = NLL(z, t) + klWeight KL(Dir(1 + (1 - t) (alpha - 1)) || Dir(1)),    alpha = act(z) + 1
 * }</pre>
 *
 * @param evidence how logits become evidence
 * @param klWeight at full strength, at least 0; {@link #of} takes the share that annealing allows
 */
public record BridgedEvidentialLoss(Evidence evidence, double klWeight) {
    /**
     * Sum of the rows' losses in nats, each times its weight, and the gradient of the hidden states; the caller's weights carry the
     * mean. The logits are never held.
     *
     * @param hidden   [M, C] in the head's dtype
     * @param head     of V tokens, a weight alone
     * @param into     where the head's gradients are added; null if it is not trained
     * @param targets  [M] the label tokens l
     * @param scores   [M] s in [0, 1]
     * @param weights  [M] finite; of the whole step they sum to 1
     * @param annealed share of {@code klWeight} in force, 0 to 1
     * @throws IllegalArgumentException               if a shape or dtype is not as above
     * @throws dev.chorus.kernels.KernelException if a row's logits hold NaN or +infinity, its target is outside the vocabulary, or
     *                                                its score outside [0, 1]; names the row
     */
    public LossValue of(
            Tensor hidden,
            LanguageHead head,
            HeadGradients into,
            long[] targets,
            double[] scores,
            double[] weights,
            double annealed) {
        int m = targets.length;
        float[] probabilities = new float[m];
        float[] upstream = new float[m];
        for (int i = 0; i < m; i++) {
            probabilities[i] = (float) scores[i];
            upstream[i] = (float) weights[i];
        }
        LinearEvidentialLoss.Gradients gradients = LinearEvidentialLoss.forwardBackward(
                hidden,
                head,
                Tensors.longs(targets, m, 1),
                Tensors.floats(probabilities, m, 1),
                null,
                Tensors.floats(upstream, m),
                evidence,
                klWeight * annealed,
                into,
                LinearLogProb.DEFAULT_BUDGET);
        float[] losses = Tensors.toFloats(gradients.result().loss());
        double value = 0;
        for (int i = 0; i < m; i++) {
            value += weights[i] * losses[i];
        }
        return LossValue.of(value, 1, gradients.dhidden());
    }
}
