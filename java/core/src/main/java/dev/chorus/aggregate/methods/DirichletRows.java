package dev.chorus.aggregate.methods;

import static dev.chorus.math.SpecialFunctions.digamma;
import static dev.chorus.math.SpecialFunctions.lnGamma;

/**
 * Expected logs under {@code Dir(prior + counts)}, the variational step of Bayesian classifier combination (Kim and
 * Ghahramani 2012).
 *
 * <pre>{@code
 * E ln theta_y = psi(a_y) - psi(sum a),   a_y = prior_y + count_y
 * -KL          = lnG(P) - lnG(P + N) + sum_y (lnG(a_y) - lnG(prior_y)) - sum_y count_y E ln theta_y
 * }</pre>
 */
final class DirichletRows implements RowRule {

    private final double diagonal;
    private final double beside;
    private final double lnGammaDiagonal;
    private final double psiDiagonal;

    /**
     * A prior.
     *
     * @param diagonal concentration of the right answer, above 0
     * @param beside   concentration of all wrong answers together, above 0
     */
    DirichletRows(double diagonal, double beside) {
        this.diagonal = diagonal;
        this.beside = beside;
        this.lnGammaDiagonal = lnGamma(diagonal);
        this.psiDiagonal = digamma(diagonal);
    }

    private double wrong(int classes) {
        return classes < 2 ? beside : beside / (classes - 1);
    }

    private double total(int classes) {
        return classes < 2 ? diagonal : diagonal + beside;
    }

    @Override
    public double learn(double[] row, int n, int right, int classes) {
        double wrong = wrong(classes);
        double prior = total(classes);
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += row[i];
        }
        double psiTotal = digamma(prior + sum);
        if (sum == 0) {
            double psiWrong = digamma(wrong);
            for (int i = 0; i < n; i++) {
                row[i] = (i == right ? psiDiagonal : psiWrong) - psiTotal;
            }
            return 0;
        }
        double lnGammaWrong = lnGamma(wrong);
        double psiWrong = digamma(wrong);
        double gain = lnGamma(prior) - lnGamma(prior + sum);
        for (int i = 0; i < n; i++) {
            double count = row[i];
            boolean isRight = i == right;
            if (count == 0) {
                row[i] = (isRight ? psiDiagonal : psiWrong) - psiTotal;
                continue;
            }
            double a = (isRight ? diagonal : wrong) + count;
            double log = digamma(a) - psiTotal;
            gain += lnGamma(a) - (isRight ? lnGammaDiagonal : lnGammaWrong) - count * log;
            row[i] = log;
        }
        return gain;
    }

    @Override
    public double parameter(double count, boolean right, int classes) {
        return (right ? diagonal : wrong(classes)) + count;
    }

    @Override
    public boolean isBayesian() {
        return true;
    }
}
