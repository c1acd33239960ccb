package dev.chorus.loss;

import org.bytedeco.pytorch.Tensor;

/**
 * What a loss returns: its value and the gradient that the trainer feeds to {@code backward(gradient)} of the logits, or of the
 * hidden states where the loss has taken those.
 *
 * @param value    mean over the rows that count, nats; 0 if none does
 * @param gradient derivative of {@code value} with respect to the logits or hidden states, of their shape; in the caller's scope
 */
public record LossValue(double value, Tensor gradient) {}
