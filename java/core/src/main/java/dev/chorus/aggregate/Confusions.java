package dev.chorus.aggregate;

/**
 * What every labeler says of every class: {@code p(given | truth)}, one matrix a labeler.
 *
 * <p>Where the method is Bayesian each row is a Dirichlet distribution, of which {@link #probability} is the mean and
 * {@link #interval} a credible interval; elsewhere it is a point and there is no interval.
 */
public interface Confusions {

    /** Number of labelers. */
    int workers();

    /** Number of classes. */
    int classes();

    /**
     * How probable it is that a labeler says {@code given} where {@code truth} is true.
     *
     * @return 0 to 1
     */
    double probability(int worker, int truth, int given);

    /**
     * What a labeler's vote adds to the log of a class's posterior. This is the log of {@link #probability}, or under a
     * variational fit the expected log.
     *
     * @return nats, at most 0
     */
    default double logWeight(int worker, int truth, int given) {
        return Math.log(probability(worker, truth, given));
    }

    /** Whether there are intervals. */
    default boolean hasIntervals() {
        return false;
    }

    /**
     * Equal-tailed credible interval of {@link #probability}.
     *
     * @param level such as 0.95
     * @return low and high
     * @throws UnsupportedOperationException if the method gives points
     */
    default Interval interval(int worker, int truth, int given, double level) {
        throw new UnsupportedOperationException(
                "this method gives confusion matrices without intervals; ibcc has them");
    }

    /**
     * The labeler's accuracy under a class balance: {@code sum_k balance_k p(k | k)}.
     *
     * @param balance [classes], sums to 1
     */
    default double accuracy(int worker, double[] balance) {
        double accuracy = 0;
        for (int k = 0; k < balance.length; k++) {
            accuracy += balance[k] * probability(worker, k, k);
        }
        return accuracy;
    }

    /**
     * Variance of {@link #probability} under the method's distribution.
     *
     * @return at least 0; 0 where the method gives points
     */
    default double variance(int worker, int truth, int given) {
        return 0;
    }

    /**
     * Credible interval of {@link #accuracy}: that of a Beta distribution with the same mean and variance.
     *
     * @param balance [classes], sums to 1
     * @param level   such as 0.95
     * @throws UnsupportedOperationException if the method gives points
     */
    default Interval accuracyInterval(int worker, double[] balance, double level) {
        if (!hasIntervals()) {
            return interval(worker, 0, 0, level);
        }
        double mean = Math.max(1e-12, Math.min(1 - 1e-12, accuracy(worker, balance)));
        double variance = 0;
        for (int k = 0; k < balance.length; k++) {
            variance += balance[k] * balance[k] * variance(worker, k, k);
        }
        double strength = mean * (1 - mean) / Math.max(variance, 1e-15) - 1;
        return strength > 0 ? BetaQuantile.interval(mean * strength, (1 - mean) * strength, level) : new Interval(0, 1);
    }
}
