package dev.chorus.loss;

import dev.chorus.kernels.EvidentialLoss;
import dev.chorus.kernels.EvidentialLoss.Evidence;
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
 * <p>The weak models that answered share an item equally, or by weights of their own. An item without any answer counts as removed.
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
        int items = 0;
        for (double[][] each : labels) {
            items += answered(each) > 0 ? 1 : 0;
        }
        // No item is left: the losses are 0, whatever they are divided by.
        return of(logits, labels, null, Math.max(1, items), annealed);
    }

    /**
     * The same with weights of items, a part of a larger mean.
     *
     * @param weights [B] at least 0, or null for 1 each
     * @param total   what the gradient is divided by: the weights of all parts' items with an answer, above 0
     */
    public LossValue of(Tensor logits, double[][][] labels, float[] weights, double total, double annealed) {
        return of(logits, labels, null, weights, total, annealed);
    }

    /**
     * The same with weights of each item's labels.
     *
     * @param shares  lambda [B][W] at least 0, each row's sum 1 over the labels that are there; null for alike
     * @param weights [B] at least 0, or null for 1 each
     */
    public LossValue of(
            Tensor logits, double[][][] labels, double[][] shares, float[] weights, double total, double annealed) {
        int b = labels.length;
        int w = labels[0].length;
        int k = Math.toIntExact(logits.size(1));
        float[] targets = new float[b * w * k];
        float[] lambda = new float[b * w];
        double count = 0;
        for (int i = 0; i < b; i++) {
            int answered = answered(labels[i]);
            count += answered == 0 ? 0 : weights == null ? 1 : weights[i];
            for (int j = 0; j < w; j++) {
                double[] label = labels[i][j];
                if (label == null) {
                    continue;
                }
                lambda[i * w + j] = shares == null ? 1f / answered : (float) shares[i][j];
                for (int c = 0; c < k; c++) {
                    targets[(i * w + j) * k + c] = (float) label[c];
                }
            }
        }
        float[] upstream = new float[b];
        Arrays.fill(upstream, 1f / (float) total);
        EvidentialLoss.LossAndGradient both = EvidentialLoss.forwardBackward(
                Tensors.floats(upstream, b),
                logits.detach(),
                Tensors.floats(targets, b, w, k),
                Tensors.floats(lambda, b, w),
                weights == null ? null : Tensors.floats(weights, b),
                evidence,
                klWeight * annealed);
        double sum = 0;
        for (float loss : Tensors.toFloats(both.result().loss())) {
            sum += loss;
        }
        return LossValue.of(sum, count, both.dlogits());
    }

    private static int answered(double[][] labels) {
        int answered = 0;
        for (double[] label : labels) {
            answered += label == null ? 0 : 1;
        }
        return answered;
    }
}
