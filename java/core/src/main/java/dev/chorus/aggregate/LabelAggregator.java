package dev.chorus.aggregate;

import dev.chorus.aggregate.votes.Votes;

/**
 * An aggregator of class votes.
 *
 * <p>Every one of them honours what the votes carry: a task's gold label is an anchor (its posterior is certain, and
 * labelers are judged by it), and a labeler's weight counts as that many votes. An abstention is a vote that is not there.
 */
public interface LabelAggregator extends Aggregator<Votes, Aggregation> {

    /** The name under which {@link Aggregators} knows it. */
    String name();

    /**
     * Fits and returns one label a task.
     *
     * @return [tasks] class indices; the lowest on ties
     */
    default int[] fitPredict(Votes votes) {
        return fit(votes).labels();
    }

    /**
     * Fits and returns the probability of every class.
     *
     * @return [tasks][classes], rows sum to 1
     */
    default double[][] predictProbabilities(Votes votes) {
        Posteriors posteriors = fit(votes).posteriors();
        double[][] rows = new double[votes.tasks()][];
        for (int t = 0; t < rows.length; t++) {
            rows[t] = posteriors.row(t);
        }
        return rows;
    }
}
