package dev.chorus.labels;

import java.util.List;

/**
 * The ensemble's view of its text labels.
 *
 * @param best       index of the weak model that is best on devel
 * @param winner     [N] the text that most weak models wrote, or that the aggregator holds most probable
 * @param confidence [N] share of the votes for the winner, or its probability among the texts of the item
 * @param entropy    [N] entropy of the votes, or of those probabilities, nats
 * @param meanLogp   [N] mean over weak models of a token's mean log-probability: orders items of equal entropy
 * @param judged     the weak models on items with gold labels; null if they were not judged
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record TextAggregate(
        int best, List<String> winner, double[] confidence, double[] entropy, double[] meanLogp, Judgement judged) {}
