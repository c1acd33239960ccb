package dev.chorus.loss;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * What a loss returns: its value, and the gradient that goes into {@code backward} of the logits, or of the hidden states where
 * the loss has taken those. Sum and count apart: micro-batches and processes add theirs before they divide.
 *
 * @param sum      over the rows that count, each times its weight, nats
 * @param count    what the mean divides {@code sum} by; 0 if no row counts
 * @param gradient derivative with respect to the logits or hidden states, of their shape, of {@code sum / count}, or of
 *                 {@code sum} over the total that the loss was given; in the caller's scope
 * @param metrics  what else is worth a look, by name, each a sum as {@code sum} is
 */
public record LossValue(double sum, double count, Tensor gradient, Map<String, Double> metrics) {
    /** Without metrics. */
    public static LossValue of(double sum, double count, Tensor gradient) {
        return new LossValue(sum, count, gradient, Map.of());
    }

    /** The mean; 0 if no row counts. */
    public double value() {
        return count == 0 ? 0 : sum / count;
    }
}
