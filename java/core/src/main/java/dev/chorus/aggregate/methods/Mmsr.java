package dev.chorus.aggregate.methods;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.aggregate.Posteriors;
import dev.chorus.aggregate.Support;
import dev.chorus.aggregate.Trace;
import dev.chorus.aggregate.labelers.PairAgreement;
import dev.chorus.aggregate.votes.Votes;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Matrix mean-subsequence-reduced: labelers' skills from a robust rank-one completion of their agreements, then a vote
 * weighted by log-odds.
 *
 * <pre>{@code
 * C_ij = K / (K - 1) agreement_ij - 1 / (K - 1)  =  s_i s_j  if errors are independent
 * v_j  = mean of |C_ij| / u_i without the F largest above and the F smallest below v_j;  u likewise
 * p_i  = s_i (K - 1) / K + 1 / K;   weight_i = ln(p_i (K - 1) / (1 - p_i))
 * }</pre>
 *
 * <p>Ma and Olshevsky 2020, NeurIPS. F is half the smallest number of labelers that any labeler shares tasks with, less one.
 * Signs are those of the leading eigenvector of C, more of them positive than not; the paper's random walk finds the same
 * where signs do not contradict each other. Gold tasks count as a labeler that is always right. Memory is the square of the
 * number of labelers.
 */
public final class Mmsr implements LabelAggregator {

    /** Its name. */
    public static final String NAME = "m-msr";

    /** Matrices of twice as many would take half a gigabyte. */
    private static final int MOST_WORKERS = 4096;

    private final FitSettings settings;

    /** With 10,000 rounds at most and a tolerance of 1e-10. */
    public Mmsr() {
        this(FitSettings.defaults().withIterations(10_000).withTolerance(1e-10));
    }

    /** With other settings; the tolerance is on the change of the completed matrix in Frobenius norm. */
    public Mmsr(FitSettings settings) {
        this.settings = settings;
    }

    @Override
    public String name() {
        return NAME;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if there are too many labelers for a table of pairs
     */
    @Override
    public Aggregation fit(Votes votes) {
        if (votes.workers() > MOST_WORKERS) {
            throw new IllegalArgumentException("m-msr: expected at most " + MOST_WORKERS + " labelers, got "
                    + votes.workers() + "; it holds a table of their pairs");
        }
        Support support = Support.of(votes);
        if (votes.classes() < 2 || votes.workers() < 2) {
            double[] ones = new double[votes.workers()];
            Arrays.fill(ones, 1);
            return Aggregation.of(NAME, votes, VoteShares.posteriors(votes, support, ones))
                    .skill("weight", ones)
                    .build();
        }
        PairAgreement pairs = PairAgreement.withGold(votes);
        Completion completion = new Completion(pairs, votes.classes(), votes.tasks());
        Trace trace = completion.run(settings);
        double[] skill = completion.skills();
        double[] weights = new double[votes.workers()];
        double[] accuracy = new double[votes.workers()];
        double classes = votes.classes();
        double edge = 1 / Math.sqrt(votes.tasks());
        for (int w = 0; w < weights.length; w++) {
            double s = Math.max(Math.min(skill[w], 1 - edge), -1 / (classes - 1) + edge);
            accuracy[w] = s * (classes - 1) / classes + 1 / classes;
            weights[w] = Math.log(accuracy[w] * (classes - 1) / (1 - accuracy[w]));
        }
        Posteriors shares = VoteShares.posteriors(votes, support, weights);
        return Aggregation.of(NAME, votes, shares)
                .trace(trace)
                .skill("weight", weights)
                .skill("accuracy", accuracy)
                .build();
    }

    /** The rank-one completion. */
    private static final class Completion {
        private final int n;
        private final int tasks;
        private final double[][] c;
        private final boolean[][] seen;
        private final int trim;
        private final double[] u;
        private final double[] v;

        Completion(PairAgreement pairs, int classes, int tasks) {
            this.n = pairs.labelers();
            this.tasks = tasks;
            this.c = new double[n][n];
            this.seen = new boolean[n][n];
            int fewest = n;
            for (int i = 0; i < n; i++) {
                int others = 0;
                for (int j = 0; j < n; j++) {
                    seen[i][j] = i != j && pairs.common(i, j) > 0;
                    if (seen[i][j]) {
                        others++;
                        c[i][j] = (pairs.agreement(i, j) * classes - 1) / (classes - 1.0);
                    }
                }
                fewest = Math.min(fewest, others);
            }
            this.trim = Math.max(0, fewest / 2 - 1);
            this.u = new double[n];
            this.v = new double[n];
        }

        Trace run(FitSettings settings) {
            SplittableRandom random = new SplittableRandom(settings.seed());
            for (int i = 0; i < n; i++) {
                u[i] = 1e-3 + random.nextDouble();
                v[i] = 1e-3 + random.nextDouble();
            }
            double[] trace = new double[settings.iterations()];
            int done = 0;
            boolean converged = false;
            while (done < settings.iterations() && !converged) {
                double[] u0 = u.clone();
                double[] v0 = v.clone();
                for (int j = 0; j < n; j++) {
                    v[j] = reduced(j, u, v[j]);
                }
                for (int i = 0; i < n; i++) {
                    u[i] = reduced(i, v, u[i]);
                }
                double change = 0;
                for (int i = 0; i < n; i++) {
                    for (int j = 0; j < n; j++) {
                        double d = u[i] * v[j] - u0[i] * v0[j];
                        change += d * d;
                    }
                }
                trace[done++] = Math.sqrt(change);
                converged = Math.sqrt(change) < settings.tolerance();
            }
            return new Trace("change of the completed matrix", Arrays.copyOf(trace, done), converged);
        }

        /** The mean of the ratios of a row that are left after trimming around the value that stands there now. */
        private double reduced(int row, double[] other, double now) {
            double[] ratios = new double[n];
            int m = 0;
            for (int i = 0; i < n; i++) {
                if (seen[row][i] && other[i] != 0) {
                    ratios[m++] = Math.abs(c[row][i]) / other[i];
                }
            }
            Arrays.sort(ratios, 0, m);
            int below = 0;
            int above = 0;
            for (int i = 0; i < m; i++) {
                below += ratios[i] < now ? 1 : 0;
                above += ratios[i] > now ? 1 : 0;
            }
            int from = Math.min(below, trim);
            int to = m - Math.min(above, trim);
            if (to <= from) {
                return now;
            }
            double sum = 0;
            for (int i = from; i < to; i++) {
                sum += ratios[i];
            }
            return to - from == 1 && sum == 0 ? 1 / Math.sqrt(tasks) : sum / (to - from);
        }

        /** Signed skills of the labelers; the gold that counted as one more is left out. */
        double[] skills() {
            double scale = Math.sqrt(norm(u) / norm(v));
            double[] sign = leading();
            double[] skills = new double[n];
            for (int i = 0; i < n; i++) {
                skills[i] = scale > 0 && Double.isFinite(scale) ? sign[i] * u[i] / scale : 0;
            }
            return skills;
        }

        private static double norm(double[] a) {
            double sum = 0;
            for (double value : a) {
                sum += value * value;
            }
            return Math.sqrt(sum);
        }

        /** Signs of the leading eigenvector, by power iteration on C + I. */
        private double[] leading() {
            double[] x = new double[n];
            for (int i = 0; i < n; i++) {
                x[i] = 1 + 1e-3 * i / n;
            }
            for (int round = 0; round < 1000; round++) {
                double[] next = new double[n];
                for (int i = 0; i < n; i++) {
                    next[i] = x[i];
                    for (int j = 0; j < n; j++) {
                        next[i] += c[i][j] * x[j];
                    }
                }
                double length = norm(next);
                double moved = 0;
                for (int i = 0; i < n; i++) {
                    next[i] = length > 0 ? next[i] / length : x[i];
                    moved = Math.max(moved, Math.abs(next[i] - x[i]));
                }
                x = next;
                if (moved < 1e-12) {
                    break;
                }
            }
            double sum = 0;
            for (int i = 0; i < n; i++) {
                x[i] = Math.signum(x[i]);
                sum += x[i];
            }
            for (int i = 0; sum < 0 && i < n; i++) {
                x[i] = -x[i];
            }
            return x;
        }
    }
}
