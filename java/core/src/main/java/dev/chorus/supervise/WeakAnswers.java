package dev.chorus.supervise;

import java.util.List;

/**
 * What is known of the weak models' answers to N items, for a reliability to weigh them by.
 *
 * @param votes      [N][W] what every weak model said: a class's name, or a text; null for no answer
 * @param confidence [N] of the aggregator in its own answer, 0 to 1
 * @param entropy    [N] of the aggregator's posterior, nats
 * @param right      [W][N] probability that the weak model's answer is right, by a classifier on its hidden states; null unless a
 *                   reliability {@link Reliability#probes asks for it}
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record WeakAnswers(List<List<String>> votes, double[] confidence, double[] entropy, double[][] right) {}
