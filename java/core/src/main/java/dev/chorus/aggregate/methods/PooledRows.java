package dev.chorus.aggregate.methods;

/**
 * Dirichlet rows whose prior is each labeler's own accuracy over all classes: where a row has few votes it says what the
 * labeler's other rows say.
 *
 * <pre>{@code
 * prior of row k of labeler i:  K strength s_i on the right answer,   K strength (1 - s_i) / (K - 1) on each other
 * }</pre>
 */
final class PooledRows implements RowRule {

    private final DirichletRows[] rows;

    /**
     * A prior for each labeler.
     *
     * @param accuracy [workers] s, kept away from 0 and 1 by a hundredth
     * @param strength pseudo-votes a class of a row, above 0
     */
    PooledRows(double[] accuracy, double strength, int classes) {
        this.rows = new DirichletRows[accuracy.length];
        for (int w = 0; w < rows.length; w++) {
            double s = Math.max(.01, Math.min(.99, accuracy[w]));
            rows[w] = new DirichletRows(classes * strength * s, classes * strength * (1 - s));
        }
    }

    @Override
    public RowRule of(int worker) {
        return rows[worker];
    }

    @Override
    public double learn(double[] row, int n, int diagonal, int classes) {
        throw new UnsupportedOperationException("ask for the rule of a labeler");
    }

    @Override
    public double parameter(double count, boolean diagonal, int classes) {
        throw new UnsupportedOperationException("ask for the rule of a labeler");
    }

    @Override
    public boolean isBayesian() {
        return true;
    }
}
