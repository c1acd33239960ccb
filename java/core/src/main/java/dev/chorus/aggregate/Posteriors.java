package dev.chorus.aggregate;

/** Probabilities of the classes of every task, over the classes that its {@link Support} names; others have 0. */
public final class Posteriors {

    private final Support support;
    private final double[] values;

    /**
     * A table.
     *
     * @param support the candidates of every task
     * @param values  of all candidates, task after task, each task's sum to 1 (or are all 0 where there is no candidate); not
     *                copied, and not to be changed afterwards
     */
    public Posteriors(Support support, double[] values) {
        if (values.length != support.start(support.tasks())) {
            throw new IllegalArgumentException(
                    "posteriors: expected " + support.start(support.tasks()) + " values, got " + values.length);
        }
        this.support = support;
        this.values = values;
    }

    /** The candidates. */
    public Support support() {
        return support;
    }

    /** The probability of a task's i-th candidate. */
    public double value(int task, int i) {
        return values[support.start(task) + i];
    }

    /** The probability of a class, 0 for one that is no candidate. */
    public double probability(int task, int label) {
        int i = support.indexOf(task, label);
        return i < 0 ? 0 : value(task, i);
    }

    /** [classes] probabilities of a task. */
    public double[] row(int task) {
        double[] row = new double[support.classes()];
        for (int i = 0; i < support.size(task); i++) {
            row[support.candidate(task, i)] = value(task, i);
        }
        return row;
    }

    /** The most probable class of a task; the lowest on ties, and -1 without a candidate. */
    public int label(int task) {
        int best = -1;
        double most = -1;
        for (int i = 0; i < support.size(task); i++) {
            if (value(task, i) > most) {
                most = value(task, i);
                best = support.candidate(task, i);
            }
        }
        return best;
    }

    /** The probability of the most probable class. */
    public double confidence(int task) {
        double most = 0;
        for (int i = 0; i < support.size(task); i++) {
            most = Math.max(most, value(task, i));
        }
        return most;
    }

    /** Entropy of a task's probabilities in nats, 0 to ln of the number of classes. */
    public double entropy(int task) {
        double entropy = 0;
        for (int i = 0; i < support.size(task); i++) {
            double p = value(task, i);
            entropy -= p > 0 ? p * Math.log(p) : 0;
        }
        return Math.max(0, entropy);
    }

    /** The mean of all rows: the share of every class, [classes]; tasks without a candidate do not count. */
    public double[] mean() {
        double[] mean = new double[support.classes()];
        double mass = 0;
        for (int t = 0; t < support.tasks(); t++) {
            for (int i = 0; i < support.size(t); i++) {
                mean[support.candidate(t, i)] += value(t, i);
                mass += value(t, i);
            }
        }
        for (int k = 0; k < mean.length && mass > 0; k++) {
            mean[k] /= mass;
        }
        return mean;
    }
}
