package dev.chorus.labels;

import java.util.List;

/**
 * The ensemble's view of its text labels.
 *
 * @param best     index of the weak model that is best on devel
 * @param winner   [N] the text that most weak models wrote
 * @param entropy  [N] entropy of the votes over texts, nats
 * @param meanLogp [N] mean over weak models of a token's mean log-probability: orders items of equal entropy
 */
public record TextAggregate(int best, List<String> winner, double[] entropy, double[] meanLogp) {}
