package dev.chorus.kernels;

import static dev.chorus.math.SpecialFunctions.digamma;
import static dev.chorus.math.SpecialFunctions.lnGamma;

import dev.chorus.kernels.DirichletAggregation.Output;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * {@link DirichletAggregation} as its equations stand, for one item, in double on plain arrays: for tests, and to read.
 * Arguments are not checked; digits are lost where S is beyond about 1e8.
 */
final class DirichletAggregationReference {
    private DirichletAggregationReference() {}

    /** alpha [K]; a vote of -1 adds nothing. */
    static double[] ofVotes(long[] votes, double[] labelerWeights, double[] prior) {
        double[] alpha = prior.clone();
        for (int w = 0; w < votes.length; w++) {
            if (votes[w] >= 0) {
                alpha[(int) votes[w]] += labelerWeights[w];
            }
        }
        return alpha;
    }

    /** alpha [K] from labels [W, K]. */
    static double[] ofSoftLabels(double[][] labels, double[] lambda, double[] labelerWeights, double[] prior) {
        double[] alpha = prior.clone();
        for (int w = 0; w < labels.length; w++) {
            for (int k = 0; k < alpha.length; k++) {
                alpha[k] += labelerWeights[w] * lambda[w] * labels[w][k];
            }
        }
        return alpha;
    }

    /** [K] for what every class has, else one number. */
    static double[] output(Output output, double[] alpha) {
        double strength = Arrays.stream(alpha).sum();
        int classes = alpha.length;
        return switch (output) {
            case ALPHA -> alpha.clone();
            case PREDICTIVE -> map(alpha, a -> a / strength);
            case BELIEF -> map(alpha, a -> (a - 1) / strength);
            case VARIANCE -> map(alpha, a -> a / strength * (1 - a / strength) / (strength + 1));
            case LABEL -> one(label(alpha));
            case TOTAL -> one(total(alpha, strength));
            case EXPECTED -> one(expected(alpha, strength));
            case MUTUAL_INFORMATION -> one(Math.max(0, total(alpha, strength) - expected(alpha, strength)));
            case DIFFERENTIAL_ENTROPY ->
                one((strength - classes) * digamma(strength)
                        - lnGamma(strength)
                        + sum(map(alpha, a -> lnGamma(a) - (a - 1) * digamma(a))));
            case EPKL -> one((classes - 1) / strength);
            case VACUITY -> one(classes / strength);
        };
    }

    private static int label(double[] alpha) {
        int best = 0;
        for (int k = 1; k < alpha.length; k++) {
            best = alpha[k] > alpha[best] ? k : best;
        }
        return best;
    }

    private static double total(double[] alpha, double strength) {
        return -sum(map(alpha, a -> a / strength * Math.log(a / strength)));
    }

    private static double expected(double[] alpha, double strength) {
        return -sum(map(alpha, a -> a / strength * (digamma(a + 1) - digamma(strength + 1))));
    }

    private static double[] map(double[] values, DoubleUnaryOperator f) {
        return Arrays.stream(values).map(f).toArray();
    }

    private static double sum(double[] values) {
        return Arrays.stream(values).sum();
    }

    private static double[] one(double value) {
        return new double[] {value};
    }
}
