package dev.chorus.aggregate.methods;

/**
 * Relative frequencies, the maximum-likelihood step of Dawid and Skene 1979, with counts of at least 1e-10 so that no
 * vote is impossible and a class that a labeler never met says nothing.
 */
final class PointRows implements RowRule {

    static final double SMALLEST = 1e-10;

    @Override
    public double learn(double[] row, int n, int diagonal, int classes) {
        double total = (classes - n) * SMALLEST;
        for (int i = 0; i < n; i++) {
            row[i] = Math.max(row[i], SMALLEST);
            total += row[i];
        }
        double log = Math.log(total);
        for (int i = 0; i < n; i++) {
            row[i] = Math.log(row[i]) - log;
        }
        return 0;
    }

    @Override
    public double parameter(double count, boolean diagonal, int classes) {
        return Math.max(count, SMALLEST);
    }

    @Override
    public boolean isBayesian() {
        return false;
    }
}
