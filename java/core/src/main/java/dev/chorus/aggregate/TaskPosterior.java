package dev.chorus.aggregate;

/**
 * The label of one task from its votes, under labelers' confusion matrices that were learned before: what a service asks
 * for every request.
 *
 * <pre>{@code
 * p(k | votes)  is proportional to  balance_k  prod_i p(vote_i | k)
 * }</pre>
 *
 * <p>Tables are laid out so that a vote adds one contiguous row; nothing is allocated but the result. Immutable, so one
 * instance serves all threads.
 */
public final class TaskPosterior {

    private static final int LARGEST = 1 << 27;

    private final int workers;
    private final int classes;
    private final double[] logBalance;
    private final double[] logs;

    private TaskPosterior(int workers, int classes, double[] logBalance, double[] logs) {
        this.workers = workers;
        this.classes = classes;
        this.logBalance = logBalance;
        this.logs = logs;
    }

    /**
     * Tables for these labelers.
     *
     * @param balance [classes] share of every class, sums to 1
     * @throws IllegalArgumentException if the tables would be larger than a gigabyte
     */
    public static TaskPosterior of(double[] balance, Confusions confusions) {
        int workers = confusions.workers();
        int classes = confusions.classes();
        if ((long) workers * classes * classes > LARGEST) {
            throw new IllegalArgumentException("task posterior: " + workers + " labelers of " + classes
                    + " classes need tables of more than 1 GiB; use the fitted posteriors");
        }
        double[] logs = new double[workers * classes * classes];
        for (int w = 0; w < workers; w++) {
            for (int given = 0; given < classes; given++) {
                for (int truth = 0; truth < classes; truth++) {
                    logs[(w * classes + given) * classes + truth] =
                            Math.max(confusions.logWeight(w, truth, given), -700);
                }
            }
        }
        double[] logBalance = new double[classes];
        for (int k = 0; k < classes; k++) {
            logBalance[k] = Math.max(Math.log(balance[k]), -700);
        }
        return new TaskPosterior(workers, classes, logBalance, logs);
    }

    /** Number of classes. */
    public int classes() {
        return classes;
    }

    /**
     * The probabilities of a task's classes.
     *
     * @param workers who voted
     * @param labels  what they said, in the same order
     * @return [classes], sums to 1
     * @throws IllegalArgumentException if lengths differ or a number is out of range
     */
    public double[] of(int[] workers, int[] labels) {
        double[] result = new double[classes];
        of(workers, labels, Math.max(workers.length, labels.length), result);
        return result;
    }

    /**
     * The same without any allocation.
     *
     * @param workers who voted, of which the first {@code votes} count
     * @param labels  what they said, in the same order
     * @param votes   how many votes there are
     * @param result  [classes], overwritten
     */
    public void of(int[] workers, int[] labels, int votes, double[] result) {
        if (workers.length < votes || labels.length < votes || result.length != classes) {
            throw new IllegalArgumentException("task posterior: expected " + votes + " workers and labels and room for "
                    + classes + " classes, got " + workers.length + ", " + labels.length + " and " + result.length);
        }
        System.arraycopy(logBalance, 0, result, 0, classes);
        for (int v = 0; v < votes; v++) {
            if (workers[v] < 0 || workers[v] >= this.workers || labels[v] < 0 || labels[v] >= classes) {
                throw new IllegalArgumentException(
                        "task posterior: expected a worker below " + this.workers + " and a label below " + classes
                                + ", got " + workers[v] + " and " + labels[v] + " at vote " + v);
            }
            int row = (workers[v] * classes + labels[v]) * classes;
            for (int k = 0; k < classes; k++) {
                result[k] += logs[row + k];
            }
        }
        double max = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < classes; k++) {
            max = Math.max(max, result[k]);
        }
        double sum = 0;
        for (int k = 0; k < classes; k++) {
            result[k] = Math.exp(result[k] - max);
            sum += result[k];
        }
        for (int k = 0; k < classes; k++) {
            result[k] /= sum;
        }
    }
}
