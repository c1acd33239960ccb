package dev.chorus.aggregate.pairs;

import dev.chorus.aggregate.Aggregator;
import dev.chorus.aggregate.Trace;
import dev.chorus.aggregate.methods.ConjugateGradient;
import dev.chorus.aggregate.methods.FitSettings;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Strengths of things from comparisons by labelers that sometimes do not look: each has a skill, with which it compares, and
 * a bias to the left, by which it answers otherwise.
 *
 * <pre>{@code
 * p(answer) = sigma(g_w) sigma(s_winner - s_loser) + (1 - sigma(g_w)) sigma(+-q_w)
 * maximised with  r [sum_i ln sigma(s_0 - s_i) + ln sigma(s_i - s_0)]  -  r / 2 sum_w (q_w^2 + (g_w - 2)^2)
 * }</pre>
 *
 * <p>Chen et al. 2013, WSDM (Crowd-BT), with the bias of Bugakova et al. 2019. The sum over a virtual thing of score
 * {@code s_0} ties the scores down; the last term does it for labelers of few answers, whose parameters would else run away.
 * Conjugate gradients from skills of {@code sigma(2)}, no bias and even scores.
 */
public final class NoisyBradleyTerry implements Aggregator<Comparisons, Ranking> {

    private final FitSettings settings;
    private final double regularisation;

    /** With at most 1000 iterations, a tolerance of 1e-6 on the gradient and a regularisation of 0.01. */
    public NoisyBradleyTerry() {
        this(FitSettings.defaults().withIterations(1000).withTolerance(1e-6), 0.01);
    }

    /**
     * With other settings.
     *
     * @param regularisation r, above 0
     */
    public NoisyBradleyTerry(FitSettings settings, double regularisation) {
        if (!(regularisation > 0)) {
            throw new IllegalArgumentException("regularisation: expected above 0, got " + regularisation);
        }
        this.settings = settings;
        this.regularisation = regularisation;
    }

    /** Scores are {@code sigma(s_i)}; skills {@code skill} and {@code bias} are {@code sigma(g_w)} and {@code sigma(q_w)}. */
    @Override
    public Ranking fit(Comparisons comparisons) {
        int items = comparisons.items();
        int workers = comparisons.workers();
        double[] x = new double[1 + items + 2 * workers];
        Arrays.fill(x, 1 + items + workers, x.length, 2);
        ConjugateGradient.Result result = ConjugateGradient.minimize(
                (at, gradient) -> minusLogPosterior(comparisons, at, gradient),
                x,
                settings.iterations(),
                settings.tolerance());
        Map<String, double[]> skills = new LinkedHashMap<>();
        skills.put("skill", sigmoids(x, 1 + items + workers, workers));
        skills.put("bias", sigmoids(x, 1 + items, workers));
        double[] last = {-result.value()};
        return new Ranking(
                sigmoids(x, 1, items), skills, new Trace("log-likelihood and prior", last, result.converged()));
    }

    private double minusLogPosterior(Comparisons comparisons, double[] x, double[] gradient) {
        int items = comparisons.items();
        int workers = comparisons.workers();
        Arrays.fill(gradient, 0);
        double value = 0;
        for (int c = 0; c < comparisons.size(); c++) {
            int i = 1 + comparisons.winner()[c];
            int j = 1 + comparisons.loser()[c];
            int q = 1 + items + comparisons.worker()[c];
            int g = q + workers;
            double side = comparisons.leftWon()[c] ? 1 : -1;
            double looks = sigmoid(x[g]);
            double compares = sigmoid(x[i] - x[j]);
            double answers = sigmoid(side * x[q]);
            double p = looks * compares + (1 - looks) * answers;
            value -= Math.log(Math.max(p, Double.MIN_NORMAL));
            double slope = looks * compares * (1 - compares) / p;
            gradient[i] -= slope;
            gradient[j] += slope;
            gradient[q] -= (1 - looks) * side * answers * (1 - answers) / p;
            gradient[g] -= looks * (1 - looks) * (compares - answers) / p;
        }
        for (int i = 1; i <= items; i++) {
            double d = x[i] - x[0];
            value += regularisation * (softplus(d) + softplus(-d));
            double slope = regularisation * Math.tanh(d / 2);
            gradient[i] += slope;
            gradient[0] -= slope;
        }
        // The virtual thing's own score would be free to drift with all others.
        value += regularisation * x[0] * x[0] / 2;
        gradient[0] += regularisation * x[0];
        for (int w = 0; w < workers; w++) {
            int q = 1 + items + w;
            int g = q + workers;
            value += regularisation / 2 * (x[q] * x[q] + (x[g] - 2) * (x[g] - 2));
            gradient[q] += regularisation * x[q];
            gradient[g] += regularisation * (x[g] - 2);
        }
        return value;
    }

    private static double[] sigmoids(double[] x, int from, int count) {
        double[] result = new double[count];
        for (int i = 0; i < count; i++) {
            result[i] = sigmoid(x[from + i]);
        }
        return result;
    }

    private static double sigmoid(double x) {
        return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
    }

    private static double softplus(double x) {
        return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }
}
