package dev.chorus.aggregate.methods;

import dev.chorus.aggregate.BetaQuantile;
import dev.chorus.aggregate.Confusions;
import dev.chorus.aggregate.Interval;

/** Confusion matrices in full, [worker][given][truth]. */
final class DenseConfusions implements Confusions {

    private final int workers;
    private final int classes;
    private final double[] parameters;
    private final double[] logs;
    private final double[] totals;
    private final boolean bayesian;

    DenseConfusions(int workers, int classes, double[] parameters, double[] logs, boolean bayesian) {
        this.workers = workers;
        this.classes = classes;
        this.parameters = parameters;
        this.logs = logs;
        this.bayesian = bayesian;
        this.totals = new double[workers * classes];
        for (int w = 0; w < workers; w++) {
            for (int y = 0; y < classes; y++) {
                for (int k = 0; k < classes; k++) {
                    totals[w * classes + k] += parameters[at(w, k, y)];
                }
            }
        }
    }

    private int at(int worker, int truth, int given) {
        return (worker * classes + given) * classes + truth;
    }

    @Override
    public int workers() {
        return workers;
    }

    @Override
    public int classes() {
        return classes;
    }

    @Override
    public double probability(int worker, int truth, int given) {
        return parameters[at(worker, truth, given)] / totals[worker * classes + truth];
    }

    @Override
    public double logWeight(int worker, int truth, int given) {
        return logs[at(worker, truth, given)];
    }

    @Override
    public double variance(int worker, int truth, int given) {
        double p = probability(worker, truth, given);
        return bayesian ? p * (1 - p) / (totals[worker * classes + truth] + 1) : 0;
    }

    @Override
    public boolean hasIntervals() {
        return bayesian;
    }

    @Override
    public Interval interval(int worker, int truth, int given, double level) {
        if (!bayesian) {
            return Confusions.super.interval(worker, truth, given, level);
        }
        double a = parameters[at(worker, truth, given)];
        double b = totals[worker * classes + truth] - a;
        return BetaQuantile.interval(a, b, level);
    }
}
