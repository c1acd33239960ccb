package dev.chorus.aggregate.methods;

/**
 * A model in which every task has one hidden class and votes are independent given it. {@link ExpectationMaximization}
 * runs it; what differs is how a vote speaks for a class, and what is learned from the posteriors.
 */
interface LatentClassModel {

    /** What a lane sums up. */
    interface Counts {
        /** Adds one task with the posterior of its candidates, which stands at [0, size). */
        void add(int task, double[] posterior);

        /** Adds another lane's. */
        void add(Counts other);

        /** Back to zero. */
        void clear();
    }

    /** Empty sums. */
    Counts counts();

    /** Bytes of one lane's sums, roughly. */
    long bytes();

    /** Learns the parameters from the sums. */
    void maximize(Counts counts);

    /** Sets [0, size) to the log of prior times likelihood of every candidate of a task. */
    void score(int task, double[] logp);

    /** What belongs to the objective beside the tasks: minus the divergence of the parameters from their prior. */
    double parameters();
}
