package dev.chorus.labels;

/**
 * The ensemble's view of its class labels.
 *
 * @param best    index of the weak model that is best on devel
 * @param mean    [N][K] mean soft labels
 * @param entropy [N] total entropy of the Dirichlet posterior that the labels give, nats
 */
public record ClassAggregate(int best, double[][] mean, double[] entropy) {}
