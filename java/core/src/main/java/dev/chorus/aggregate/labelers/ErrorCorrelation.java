package dev.chorus.aggregate.labelers;

import dev.chorus.aggregate.votes.Votes;
import java.util.Arrays;

/**
 * Whether labelers err on the same tasks, and how many independent ones they are worth.
 *
 * <pre>{@code
 * rho_ij = correlation of [i errs] and [j errs] over the tasks that both voted on
 * n_eff  = M / (1 + (M - 1) mean rho)
 * }</pre>
 *
 * <p>The effective number is Kish's design effect for equal correlation (Survey Sampling, 1965, 5.4). With gold, errors are
 * told by it. Without, by the plurality of the other labelers of the task, the pair left out; tasks on which that is a tie do
 * not count. What all labelers get wrong together is invisible to them, so that without gold correlations come out too low
 * and the effective number too high.
 */
public final class ErrorCorrelation {

    private final int labelers;
    private final boolean onGold;
    private final double[] rho;

    private ErrorCorrelation(int labelers, boolean onGold, double[] rho) {
        this.labelers = labelers;
        this.onGold = onGold;
        this.rho = rho;
    }

    /**
     * Of error indicators.
     *
     * @param errors [M][n] whether a labeler errs on a task, all labelers on all tasks
     * @throws IllegalArgumentException if rows differ in length
     */
    public static ErrorCorrelation of(boolean[][] errors) {
        Sums sums = new Sums(errors.length);
        for (int i = 0; i < errors.length; i++) {
            if (errors[i].length != errors[0].length) {
                throw new IllegalArgumentException("error correlation: expected " + errors[0].length
                        + " errors of every labeler, got " + errors[i].length + " of labeler " + i);
            }
            for (int j = 0; j < i; j++) {
                for (int n = 0; n < errors[i].length; n++) {
                    sums.add(i, j, errors[i][n], errors[j][n]);
                }
            }
        }
        return sums.correlation(true);
    }

    /**
     * By the gold labels that the votes carry.
     *
     * @throws IllegalArgumentException if there are none, or more than 4,096 labelers
     */
    public static ErrorCorrelation onGold(Votes votes) {
        if (votes.goldCount() == 0) {
            throw new IllegalArgumentException("error correlation: there is no gold label");
        }
        Sums sums = new Sums(votes.workers());
        for (int t = 0; t < votes.tasks(); t++) {
            int gold = votes.gold(t);
            for (int a = votes.start(t); gold != Votes.MISSING && a < votes.start(t + 1); a++) {
                for (int b = votes.start(t); b < a; b++) {
                    sums.add(votes.worker(a), votes.worker(b), votes.label(a) != gold, votes.label(b) != gold);
                }
            }
        }
        return sums.correlation(true);
    }

    /**
     * By the plurality of a task's other labelers.
     *
     * @throws IllegalArgumentException if there are more than 4,096 labelers
     */
    public static ErrorCorrelation withoutGold(Votes votes) {
        Sums sums = new Sums(votes.workers());
        int[] count = new int[votes.classes()];
        int[] labels = new int[votes.classes()];
        for (int t = 0; t < votes.tasks(); t++) {
            int distinct = 0;
            for (int v = votes.start(t); v < votes.start(t + 1); v++) {
                if (count[votes.label(v)]++ == 0) {
                    labels[distinct++] = votes.label(v);
                }
            }
            for (int a = votes.start(t); a < votes.start(t + 1); a++) {
                for (int b = votes.start(t); b < a; b++) {
                    count[votes.label(a)]--;
                    count[votes.label(b)]--;
                    int others = plurality(count, labels, distinct);
                    count[votes.label(a)]++;
                    count[votes.label(b)]++;
                    if (others >= 0) {
                        sums.add(votes.worker(a), votes.worker(b), votes.label(a) != others, votes.label(b) != others);
                    }
                }
            }
            for (int i = 0; i < distinct; i++) {
                count[labels[i]] = 0;
            }
        }
        return sums.correlation(false);
    }

    /**
     * From accuracies that are known, where there are two classes: two labelers agree where both are right or both are wrong, so
     * that their agreement says how often they err together. No task's label is needed.
     *
     * <pre>{@code
     * P(both err) = (agreement_ij - 1 + q_i + q_j) / 2,   q = 1 - accuracy
     * }</pre>
     *
     * @param accuracy [workers] of each labeler on these tasks, above 0 and below 1
     * @throws IllegalArgumentException if there are not two classes, or an accuracy is out of range
     */
    public static ErrorCorrelation fromAccuracies(Votes votes, double[] accuracy) {
        int labelers = votes.workers();
        if (votes.classes() != 2 || accuracy.length != labelers) {
            throw new IllegalArgumentException(
                    "error correlation: expected two classes and an accuracy for each of the " + labelers
                            + " labelers, got " + votes.classes() + " classes and " + accuracy.length + " accuracies");
        }
        PairAgreement pairs = PairAgreement.of(votes);
        double[] rho = new double[labelers * labelers];
        for (int i = 0; i < labelers; i++) {
            if (!(accuracy[i] > 0 && accuracy[i] < 1)) {
                throw new IllegalArgumentException("error correlation: expected accuracies above 0 and below 1, got "
                        + accuracy[i] + " for labeler " + votes.workerNames().get(i));
            }
            for (int j = 0; j < labelers; j++) {
                double qi = 1 - accuracy[i];
                double qj = 1 - accuracy[j];
                double both = (pairs.agreement(i, j) - 1 + qi + qj) / 2;
                rho[i * labelers + j] = i == j ? 1 : (both - qi * qj) / Math.sqrt(qi * (1 - qi) * qj * (1 - qj));
            }
        }
        return new ErrorCorrelation(labelers, true, rho);
    }

    /** The label with most votes; -1 for a tie or no vote. */
    private static int plurality(int[] count, int[] labels, int distinct) {
        int best = -1;
        int most = 0;
        for (int i = 0; i < distinct; i++) {
            int votes = count[labels[i]];
            if (votes > most) {
                most = votes;
                best = labels[i];
            } else if (votes == most) {
                best = -1;
            }
        }
        return best;
    }

    /** Number of labelers. */
    public int labelers() {
        return labelers;
    }

    /** Whether errors were told by gold labels, or by accuracies that are known. */
    public boolean isOnGold() {
        return onGold;
    }

    /** Correlation of two labelers' errors; NaN if they share no task or one of them never or always errs. */
    public double of(int i, int j) {
        return rho[i * labelers + j];
    }

    /** Mean over the pairs that have a correlation; NaN if none has. */
    public double mean() {
        double sum = 0;
        int pairs = 0;
        for (int i = 0; i < labelers; i++) {
            for (int j = 0; j < i; j++) {
                if (!Double.isNaN(of(i, j))) {
                    sum += of(i, j);
                    pairs++;
                }
            }
        }
        return sum / pairs;
    }

    /** How many independent labelers these are worth by their mean correlation. */
    public double effectiveLabelers() {
        return effectiveLabelers(labelers, mean());
    }

    /**
     * How many independent labelers equally correlated ones are worth.
     *
     * @param labelers M, at least 1
     * @param rho      mean correlation
     * @return above 0; above M for negative correlations; infinite if they are as negative as they can be, NaN for NaN
     */
    public static double effectiveLabelers(int labelers, double rho) {
        double variance = 1 + (labelers - 1) * rho;
        return variance <= 0 ? Double.POSITIVE_INFINITY : labelers / variance;
    }

    /** Counts of each pair. */
    private static final class Sums {
        private final int labelers;
        private final long[] tasks;
        private final long[] first;
        private final long[] both;

        Sums(int labelers) {
            if (labelers >= PairAgreement.MOST) {
                throw new IllegalArgumentException("error correlation: expected at most " + (PairAgreement.MOST - 1)
                        + " labelers, got " + labelers);
            }
            this.labelers = labelers;
            this.tasks = new long[labelers * labelers];
            this.first = new long[labelers * labelers];
            this.both = new long[labelers * labelers];
        }

        void add(int i, int j, boolean iErrs, boolean jErrs) {
            int ij = i * labelers + j;
            int ji = j * labelers + i;
            tasks[ij]++;
            first[ij] += iErrs ? 1 : 0;
            first[ji] += jErrs ? 1 : 0;
            both[ij] += iErrs && jErrs ? 1 : 0;
        }

        ErrorCorrelation correlation(boolean onGold) {
            double[] rho = new double[labelers * labelers];
            Arrays.fill(rho, Double.NaN);
            for (int i = 0; i < labelers; i++) {
                rho[i * labelers + i] = 1;
                for (int j = 0; j < i; j++) {
                    int ij = i * labelers + j;
                    int ji = j * labelers + i;
                    double n = tasks[ij] + tasks[ji];
                    double a = first[ij] / n;
                    double b = first[ji] / n;
                    double r = ((both[ij] + both[ji]) / n - a * b) / Math.sqrt(a * (1 - a) * b * (1 - b));
                    rho[ij] = Double.isFinite(r) ? r : Double.NaN;
                    rho[ji] = rho[ij];
                }
            }
            return new ErrorCorrelation(labelers, onGold, rho);
        }
    }
}
