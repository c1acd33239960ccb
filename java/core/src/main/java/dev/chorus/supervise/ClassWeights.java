package dev.chorus.supervise;

import dev.chorus.math.Argmax;

/** Labelers' weights on items of classes. */
final class ClassWeights {
    private ClassWeights() {}

    /** [N][W] the weights of every item's labels; a row of zeros where no model that counts has answered. */
    static double[][] of(ClassSet set, Weighting weights) {
        return of(set, weights, ModelWeights.Preset.LOSSES);
    }

    /** The same with others of the authors' fixed weights. */
    static double[][] of(ClassSet set, Weighting weights, ModelWeights.Preset paper) {
        int items = set.inputs().size();
        double[][] lambda = new double[items][];
        for (int n = 0; n < items; n++) {
            double[] sureness = new double[set.labels().size()];
            for (int i = 0; i < sureness.length; i++) {
                double[] row = set.labels().get(i).probabilities()[n];
                sureness[i] = row == null ? Double.NaN : Math.log(row[Argmax.of(row)]);
            }
            lambda[n] = weights.of(set.aggregate().judged(), set.classes(), sureness, paper);
        }
        return lambda;
    }

    /** [N][K] the weighted mean of every item's labels; null where no model that counts has answered. */
    static double[][] mean(ClassSet set, Weighting weights) {
        double[][] lambda = of(set, weights);
        double[][] mean = new double[lambda.length][];
        for (int n = 0; n < mean.length; n++) {
            for (int i = 0; i < lambda[n].length; i++) {
                if (lambda[n][i] > 0) {
                    double[] row = set.labels().get(i).probabilities()[n];
                    mean[n] = mean[n] == null ? new double[row.length] : mean[n];
                    for (int k = 0; k < row.length; k++) {
                        mean[n][k] += lambda[n][i] * row[k];
                    }
                }
            }
        }
        return mean;
    }
}
