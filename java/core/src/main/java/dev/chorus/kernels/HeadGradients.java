package dev.chorus.kernels;

import org.bytedeco.pytorch.Tensor;

/**
 * Where the gradients of the head's parameters are added: the parameters' own gradients, or new zeros.
 *
 * @param dweight [V, C] f32, dense rows, contiguous
 * @param dbias   [V] f32; null if the head has no bias, or its gradient is not wanted
 */
public record HeadGradients(Tensor dweight, Tensor dbias) {}
