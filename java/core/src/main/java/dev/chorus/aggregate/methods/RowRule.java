package dev.chorus.aggregate.methods;

/** How a row of expected counts, what one labeler says of one class, becomes what a vote adds to the log-posterior. */
interface RowRule {

    /**
     * Replaces counts by logs.
     *
     * @param row      [n] expected counts of the answers that occur; overwritten
     * @param n        how many
     * @param diagonal which of them is the right answer, or -1
     * @param classes  K; the K - n other answers have count 0
     * @return what the row adds to the objective: 0, or minus its divergence from its prior
     */
    double learn(double[] row, int n, int diagonal, int classes);

    /** The parameter of an answer with this count: a count for a point estimate, a concentration for a distribution. */
    double parameter(double count, boolean diagonal, int classes);

    /** The rule for one labeler's rows. */
    default RowRule of(int worker) {
        return this;
    }

    /** Whether parameters are Dirichlet concentrations. */
    boolean isBayesian();
}
