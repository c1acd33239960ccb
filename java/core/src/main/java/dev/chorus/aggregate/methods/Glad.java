package dev.chorus.aggregate.methods;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.aggregate.Posteriors;
import dev.chorus.aggregate.Support;
import dev.chorus.aggregate.Trace;
import dev.chorus.aggregate.votes.Votes;
import java.util.Arrays;

/**
 * Generative model of labels, abilities and difficulties: labelers differ in ability, tasks in difficulty.
 *
 * <pre>{@code
 * p(vote right) = sigma(a_i e^{b_t}),    each wrong class (1 - sigma) / (K - 1)
 * a_i ~ N(1, 1),   b_t ~ N(1, 1),        b_t: ln of the inverse difficulty
 * }</pre>
 *
 * <p>Whitehill et al. 2009, NeurIPS; expectation-maximization whose second step climbs by conjugate gradients, at most 25
 * iterations. The class prior is even. The trace is the log of likelihood times prior.
 */
public final class Glad implements LabelAggregator {

    /** Its name. */
    public static final String NAME = "glad";

    private static final int CLIMBING_STEPS = 25;
    private static final double CLIMBING_TOLERANCE = 1e-6;
    private static final double HALF_LOG_TWO_PI = 0.9189385332046727;

    private final FitSettings settings;

    /** With a cap of 100 iterations and a tolerance of 1e-5 a vote. */
    public Glad() {
        this(FitSettings.defaults());
    }

    /** With other settings. */
    public Glad(FitSettings settings) {
        this.settings = settings;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Aggregation fit(Votes votes) {
        Support support = Support.of(votes);
        double[] posterior = new double[support.start(support.tasks())];
        double[] trace = new double[settings.iterations()];
        int done = 0;
        boolean converged = false;
        double[] x = new double[votes.workers() + votes.tasks()];
        Arrays.fill(x, 1);
        try (Lanes lanes = new Lanes(votes, settings.threads(), 8L * votes.workers())) {
            Likelihood likelihood = new Likelihood(votes, support, posterior, lanes);
            double before = likelihood.expect(x);
            while (done < settings.iterations() && !converged) {
                ConjugateGradient.minimize(likelihood::minusExpected, x, CLIMBING_STEPS, CLIMBING_TOLERANCE);
                double now = likelihood.expect(x);
                trace[done++] = now;
                converged = now - before < settings.tolerance() * Math.max(1, votes.size());
                before = now;
            }
        }
        double[] ability = Arrays.copyOf(x, votes.workers());
        Posteriors posteriors = new Posteriors(support, posterior);
        return Aggregation.of(NAME, votes, posteriors)
                .trace(new Trace("log-likelihood and prior", Arrays.copyOf(trace, done), converged))
                .classBalance(posteriors.mean())
                .skill("ability", ability)
                .build();
    }

    /** Both steps over lanes of tasks. */
    private static final class Likelihood {
        private final Votes votes;
        private final Support support;
        private final double[] posterior;
        private final Lanes lanes;
        private final int workers;
        private final double logWrongClasses;
        private final double[][] abilityGradient;

        Likelihood(Votes votes, Support support, double[] posterior, Lanes lanes) {
            this.votes = votes;
            this.support = support;
            this.posterior = posterior;
            this.lanes = lanes;
            this.workers = votes.workers();
            this.logWrongClasses = votes.classes() < 2 ? 0 : Math.log(votes.classes() - 1);
            this.abilityGradient = new double[lanes.count()][workers];
        }

        /** The posteriors under the parameters; returns log-likelihood and log-prior. */
        double expect(double[] x) {
            double[] sums = new double[lanes.count()];
            lanes.forEach((lane, from, to) -> {
                double[] row = new double[support.largest()];
                double sum = 0;
                for (int t = from; t < to; t++) {
                    sum += expect(t, x, row);
                }
                sums[lane] = sum;
            });
            double total = logPrior(x);
            for (double sum : sums) {
                total += sum;
            }
            return total;
        }

        private double expect(int t, double[] x, double[] row) {
            int size = support.size(t);
            if (size == 0) {
                return 0;
            }
            Arrays.fill(row, 0, size, -Math.log(votes.classes()));
            double all = 0;
            double scale = Math.exp(x[workers + t]);
            for (int v = votes.start(t); v < votes.start(t + 1); v++) {
                double weight = votes.weight(votes.worker(v));
                double z = x[votes.worker(v)] * scale;
                double wrong = weight * (-softplus(z) - logWrongClasses);
                all += wrong;
                row[support.indexOf(t, votes.label(v))] += weight * -softplus(-z) - wrong;
            }
            int start = support.start(t);
            int gold = votes.gold(t);
            double log;
            if (gold != Votes.MISSING) {
                int at = support.indexOf(t, gold);
                log = row[at];
                Arrays.fill(row, 0, size, 0);
                row[at] = 1;
            } else {
                log = ExpectationMaximization.softmax(row, size);
            }
            System.arraycopy(row, 0, posterior, start, size);
            return log + all;
        }

        /** Minus the expected log of likelihood times prior, with its gradient. */
        double minusExpected(double[] x, double[] gradient) {
            double[] sums = new double[lanes.count()];
            lanes.forEach((lane, from, to) -> {
                double[] ability = abilityGradient[lane];
                Arrays.fill(ability, 0);
                double sum = 0;
                for (int t = from; t < to; t++) {
                    double scale = Math.exp(x[workers + t]);
                    double slope = 0;
                    for (int v = votes.start(t); v < votes.start(t + 1); v++) {
                        int w = votes.worker(v);
                        double weight = votes.weight(w);
                        double right = posterior[support.start(t) + support.indexOf(t, votes.label(v))];
                        double z = x[w] * scale;
                        sum += weight * (-right * softplus(-z) - (1 - right) * (softplus(z) + logWrongClasses));
                        double miss = weight * (right - sigmoid(z));
                        ability[w] += miss * scale;
                        slope += miss * z;
                    }
                    gradient[workers + t] = -slope + (x[workers + t] - 1);
                }
                sums[lane] = sum;
            });
            double value = -logPrior(x);
            for (double sum : sums) {
                value -= sum;
            }
            for (int w = 0; w < workers; w++) {
                double slope = 0;
                for (double[] lane : abilityGradient) {
                    slope += lane[w];
                }
                gradient[w] = -slope + (x[w] - 1);
            }
            return value;
        }

        private static double logPrior(double[] x) {
            double sum = 0;
            for (double value : x) {
                sum -= (value - 1) * (value - 1) / 2 + HALF_LOG_TWO_PI;
            }
            return sum;
        }

        private static double softplus(double x) {
            return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
        }

        private static double sigmoid(double x) {
            return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
        }
    }
}
