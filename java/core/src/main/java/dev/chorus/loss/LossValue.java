package dev.chorus.loss;

import org.bytedeco.pytorch.Tensor;

/**
 * What a loss returns: its value and the gradient that the trainer feeds to {@code logits.backward(gradient)}.
 *
 * @param value    mean over the rows that count, nats; 0 if none does
 * @param gradient derivative of {@code value} with respect to the logits, of their shape; in the caller's scope
 */
public record LossValue(double value, Tensor gradient) {}
