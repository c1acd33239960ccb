/**
 * Probes: small classifiers on a model's activations that find, or mend, weak labels which their neighbourhood contradicts
 * (EleutherAI/w2s). Plain arrays; nothing here needs LibTorch.
 *
 * <p>Features are [N][D], labels are P(class 1) of two classes, [N] in [0, 1].
 */
package dev.chorus.probe;
