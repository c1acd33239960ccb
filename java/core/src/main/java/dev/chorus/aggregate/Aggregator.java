package dev.chorus.aggregate;

/**
 * Makes one answer out of several labelers' answers.
 *
 * <p>An aggregator holds settings alone: it may be used again, and from several threads at once.
 *
 * @param <L> what the labelers said
 * @param <A> what is made of it
 */
@FunctionalInterface
public interface Aggregator<L, A> {

    /**
     * Fits the aggregator's model to the labels.
     *
     * @param labels not modified
     * @return the answer with everything that was learned on the way
     */
    A fit(L labels);
}
