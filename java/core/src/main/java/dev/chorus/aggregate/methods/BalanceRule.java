package dev.chorus.aggregate.methods;

import static dev.chorus.math.SpecialFunctions.digamma;
import static dev.chorus.math.SpecialFunctions.lnGamma;

/** How expected numbers of tasks of each class become logs of the class balance. */
final class BalanceRule {

    private final double concentration;
    private final double[] log;
    private final double[] mean;
    private double gain;

    /** Relative frequencies if {@code concentration} is 0, else a symmetric Dirichlet prior with that concentration. */
    BalanceRule(int classes, double concentration) {
        this.concentration = concentration;
        this.log = new double[classes];
        this.mean = new double[classes];
        learn(new double[classes]);
    }

    /** Learns from [K] counts; without any they are taken for even. */
    void learn(double[] counts) {
        int classes = log.length;
        double sum = 0;
        for (double count : counts) {
            sum += count;
        }
        gain = 0;
        double prior = concentration * classes;
        double psiTotal = concentration > 0 ? digamma(prior + sum) : 0;
        for (int k = 0; k < classes; k++) {
            if (concentration > 0) {
                double a = concentration + counts[k];
                log[k] = digamma(a) - psiTotal;
                mean[k] = a / (prior + sum);
                gain += lnGamma(a) - lnGamma(concentration) - counts[k] * log[k];
            } else {
                mean[k] = sum > 0 ? counts[k] / sum : 1.0 / classes;
                log[k] = Math.log(Math.max(mean[k], Double.MIN_NORMAL));
            }
        }
        if (concentration > 0) {
            gain += lnGamma(prior) - lnGamma(prior + sum);
        }
    }

    double log(int label) {
        return log[label];
    }

    double[] mean() {
        return mean.clone();
    }

    /** Minus the divergence from the prior. */
    double gain() {
        return gain;
    }
}
