package dev.chorus.loss;

import dev.chorus.kernels.EvidentialLoss.Evidence;
import dev.chorus.kernels.EvidentialLoss;
import dev.chorus.torch.Tensors;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/**
 * The Bayesian multi-weak loss for classification: a Dirichlet over the class probabilities, several weak labels an item
 * (Cui et al., arXiv:2406.03199, on Sensoy et al., arXiv:1806.01768).
 *
 * <pre>{@code
 * L = mean_b sum_i lambda_bi (NLL(z_b, y_bi) + c KL(z_b, y_bi))
 * }</pre>
 *
 * <p>The weak models that answered share an item equally. An item without any answer counts as removed.
 *
 * @param evidence how logits become evidence
 * @param klWeight c at full strength; {@link #of} takes the share that annealing allows
 */
public record EvidentialClassLoss(Evidence evidence, double klWeight) {
    /**
     * Value and gradient.
     *
     * @param logits   [B, K] float32
     * @param labels   [B][W][K] soft labels of W weak models; a null label is a missing answer
     * @param annealed share of {@code klWeight} in force, 0 to 1
     */
    public LossValue of(Tensor logits, double[][][] labels, double annealed) {
        int b = labels.length;
        int w = labels[0].length;
        int k = Math.toIntExact(logits.size(1));
        float[] targets = new float[b * w * k];
        float[] lambda = new float[b * w];
        int items = 0;
        for (int i = 0; i < b; i++) {
            int answered = 0;
            for (double[] label : labels[i]) {
                answered += label == null ? 0 : 1;
            }
            items += answered > 0 ? 1 : 0;
            for (int j = 0; j < w; j++) {
                double[] label = labels[i][j];
                if (label == null) {
                    continue;
                }
                lambda[i * w + j] = 1f / answered;
                for (int c = 0; c < k; c++) {
                    targets[(i * w + j) * k + c] = (float) label[c];
                }
            }
        }
        Tensor z = logits.detach();
        Tensor y = Tensors.floats(targets, b, w, k);
        Tensor shares = Tensors.floats(lambda, b, w);
        float[] upstream = new float[b];
        // No item is left: the losses are 0, whatever they are divided by.
        int counted = Math.max(1, items);
        Arrays.fill(upstream, 1f / counted);
        EvidentialLoss.LossAndGradient both = EvidentialLoss.forwardBackward(
                Tensors.floats(upstream, b), z, y, shares, null, evidence, klWeight * annealed);
        double sum = 0;
        for (float loss : Tensors.toFloats(both.result().loss())) {
            sum += loss;
        }
        return new LossValue(sum / counted, both.dlogits());
    }
}
