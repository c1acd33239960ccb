package dev.chorus.labels;

import dev.chorus.math.Argmax;
import java.util.Arrays;

/**
 * The ensemble's view of its class labels.
 *
 * @param best      index of the weak model that is best on devel
 * @param mean      [N][K] mean soft labels
 * @param posterior [N][K] what the aggregator makes of the labels; the mean where there is none
 * @param entropy   [N] of the posterior, nats; without an aggregator the total entropy of the Dirichlet that the labels give
 * @param judged    the weak models on items with gold labels; null if they were not judged
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ClassAggregate(int best, double[][] mean, double[][] posterior, double[] entropy, Judgement judged) {
    /** [N] the posterior's largest probabilities. */
    public double[] confidence() {
        return Arrays.stream(posterior).mapToDouble(row -> row[Argmax.of(row)]).toArray();
    }
}
