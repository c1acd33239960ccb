package dev.chorus.aggregate.labelers;

import dev.chorus.aggregate.votes.Votes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Labelers that repeat each other: found by agreement that their accuracy does not explain, put into groups, and given one
 * vote a group.
 *
 * <p>A pair is judged by what the two would agree on if they erred independently:
 *
 * <pre>{@code
 * with gold (at least 50 tasks of both):  E = mean over gold of sum_c C_i[gold, c] C_j[gold, c]
 * without:   x_ij = (K agreement_ij - 1) / (K - 1) = s_i s_j,   s_i^2 = sum_kl x_ik x_il x_kl / sum_kl x_kl^2
 *            over outsiders k, l: labelers that are not as close to the two as these are to each other
 * z = (agreement - E) / sqrt(E (1 - E) / n + error of E),   dependence = (agreement - E) / (1 - E)
 * }</pre>
 *
 * <p>Clones are pairs whose z and dependence both reach their thresholds; closest pairs come first, and a group found counts as
 * one outsider afterwards. A group of m with mean dependence d gets {@code 1 / (1 + (m - 1) d)} of a vote for each member, the
 * design effect of {@link ErrorCorrelation}. Without gold and with fewer than two outsiders nothing can be told, and nothing is
 * claimed: five labelers of whom four agree are four good ones, or four copies. Errors that all share are invisible as well.
 */
public final class Clones {

    private static final int GOLD_TASKS = 50;
    private static final int MOST_OUTSIDERS = 24;
    private static final double FAINTEST = 0.02;

    private final int labelers;
    private final List<Group> groups;
    private final double[] weights;

    private Clones(int labelers, List<Group> groups, double[] weights) {
        this.labelers = labelers;
        this.groups = List.copyOf(groups);
        this.weights = weights;
    }

    /**
     * Thresholds.
     *
     * @param z          standard errors above the expected agreement; 5
     * @param dependence share of the room above it that must be taken, 0 to 1; 0.5
     * @param common     tasks that both must have voted on; 30
     */
    public record Settings(double z, double dependence, int common) {
        /** Checks the ranges. */
        public Settings {
            if (!(z > 0) || !(dependence > 0 && dependence <= 1) || common < 2) {
                throw new IllegalArgumentException(
                        "clones: expected z above 0, a dependence above 0 and at most 1 and 2 or "
                                + "more common tasks, got " + z + ", " + dependence + " and " + common);
            }
        }

        /** As documented on each. */
        public static Settings defaults() {
            return new Settings(5, 0.5, 30);
        }
    }

    /**
     * Labelers that share one vote.
     *
     * @param members    indices of labelers, in increasing order
     * @param dependence mean over the pairs in the group, 0 to 1
     * @param agreement  mean over the same
     * @param expected   agreement if they erred independently, mean over the same
     */
    public record Group(List<Integer> members, double dependence, double agreement, double expected) {}

    /** None, each labeler with a vote of its own. */
    public static Clones none(Votes votes) {
        double[] ones = new double[votes.workers()];
        Arrays.fill(ones, 1);
        return new Clones(votes.workers(), List.of(), ones);
    }

    /** With the default thresholds. */
    public static Clones find(Votes votes) {
        return find(votes, Settings.defaults());
    }

    /**
     * Finds them.
     *
     * @throws IllegalArgumentException if there are more than 4,096 labelers
     */
    public static Clones find(Votes votes, Settings settings) {
        if (votes.classes() < 2 || votes.workers() < 2) {
            return none(votes);
        }
        return new Search(votes, settings).run();
    }

    /** The groups, those of the lowest labelers first. */
    public List<Group> groups() {
        return groups;
    }

    /** [labelers] the part of a vote that each has; 1 outside groups. */
    public double[] weights() {
        return weights.clone();
    }

    /** Number of labelers. */
    public int labelers() {
        return labelers;
    }

    /** The votes with these weights, multiplied with those that they had. */
    public Votes share(Votes votes) {
        double[] product = new double[labelers];
        for (int w = 0; w < labelers; w++) {
            product[w] = weights[w] * votes.weight(w);
        }
        return votes.withWeights(product);
    }

    private static final class Search {
        private final Votes votes;
        private final Settings settings;
        private final int n;
        private final PairAgreement pairs;
        private final GoldPairs gold;
        private final double[] x;
        private final int[] group;

        Search(Votes votes, Settings settings) {
            this.votes = votes;
            this.settings = settings;
            this.n = votes.workers();
            this.pairs = PairAgreement.of(votes);
            this.gold = votes.goldCount() < GOLD_TASKS ? null : new GoldPairs(votes);
            this.x = new double[n * n];
            this.group = new int[n];
            for (int i = 0; i < n; i++) {
                group[i] = i;
                for (int j = 0; j < n; j++) {
                    x[i * n + j] = pairs.common(i, j) < settings.common()
                            ? Double.NaN
                            : (pairs.agreement(i, j) * votes.classes() - 1) / (votes.classes() - 1.0);
                }
            }
        }

        private record Pair(int i, int j, double x) {}

        Clones run() {
            List<Pair> candidates = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < i; j++) {
                    if (x[i * n + j] > FAINTEST) {
                        candidates.add(new Pair(i, j, x[i * n + j]));
                    }
                }
            }
            candidates.sort((a, b) -> a.x != b.x
                    ? Double.compare(b.x, a.x)
                    : a.i != b.i ? Integer.compare(a.i, b.i) : Integer.compare(a.j, b.j));
            for (Pair pair : candidates) {
                if (group[pair.i] != group[pair.j]) {
                    Expected expected = expected(pair.i, pair.j);
                    if (isClone(pair.i, pair.j, expected)) {
                        join(group[pair.i], group[pair.j]);
                    }
                }
            }
            return result();
        }

        private boolean isClone(int i, int j, Expected expected) {
            if (Double.isNaN(expected.agreement)) {
                return false;
            }
            double agreement = observed(i, j);
            double e = expected.agreement;
            double sampling = Math.max(e * (1 - e), 0.25 / tasks(i, j)) / tasks(i, j);
            double z = (agreement - e) / Math.sqrt(sampling + expected.error * expected.error);
            return z >= settings.z() && dependence(agreement, e) >= settings.dependence();
        }

        private static double dependence(double agreement, double expected) {
            return expected >= 1 ? 0 : Math.max(0, Math.min(1, (agreement - expected) / (1 - expected)));
        }

        private boolean byGold(int i, int j) {
            return gold != null && gold.tasks(i, j) >= GOLD_TASKS;
        }

        private double observed(int i, int j) {
            return byGold(i, j) ? gold.agreement(i, j) : pairs.agreement(i, j);
        }

        private int tasks(int i, int j) {
            return byGold(i, j) ? gold.tasks(i, j) : pairs.common(i, j);
        }

        private void join(int a, int b) {
            int low = Math.min(a, b);
            int high = Math.max(a, b);
            for (int i = 0; i < n; i++) {
                group[i] = group[i] == high ? low : group[i];
            }
        }

        /** An agreement expected of independent labelers, NaN if there are not enough others to tell, and its standard error. */
        private record Expected(double agreement, double error) {}

        private Expected expected(int i, int j) {
            if (byGold(i, j)) {
                return new Expected(gold.expected(i, j), 0);
            }
            int[] outsiders = outsiders(i, j);
            Square a = square(i, outsiders);
            Square b = square(j, outsiders);
            int classes = votes.classes();
            double product = Math.sqrt(a.value * b.value);
            double error = a.value > 0 && b.value > 0
                    ? product / 2 * (a.error / a.value + b.error / b.value)
                    : Math.sqrt(Math.max(a.error, b.error));
            return new Expected((1 + (classes - 1) * product) / classes, error * (classes - 1) / classes);
        }

        /** Labelers farther from the two than these from each other, one of each group, those with most tasks first. */
        private int[] outsiders(int i, int j) {
            double slack = 3 * error(i, j);
            boolean[] taken = new boolean[n];
            taken[group[i]] = true;
            taken[group[j]] = true;
            List<Integer> found = new ArrayList<>();
            for (int k = 0; k < n; k++) {
                boolean near = x[k * n + i] >= x[i * n + j] - slack || x[k * n + j] >= x[i * n + j] - slack;
                boolean known = !Double.isNaN(x[k * n + i]) && !Double.isNaN(x[k * n + j]);
                if (!taken[group[k]] && !near && known) {
                    taken[group[k]] = true;
                    found.add(k);
                }
            }
            found.sort((a, b) ->
                    Integer.compare(pairs.common(i, b) + pairs.common(j, b), pairs.common(i, a) + pairs.common(j, a)));
            return found.stream().limit(MOST_OUTSIDERS).mapToInt(k -> k).toArray();
        }

        /** The square of a labeler's skill, which is 0 at chance and 1 if always right, and its standard error. */
        private record Square(double value, double error) {}

        /** From how it agrees with others and these with each other; NaN if that says nothing. */
        private Square square(int i, int[] others) {
            double product = 0;
            double square = 0;
            for (int a = 0; a < others.length; a++) {
                for (int b = 0; b < a; b++) {
                    double between = known(others[a], others[b]);
                    product += known(i, others[a]) * known(i, others[b]) * between;
                    square += between * between;
                }
            }
            if (square < FAINTEST * FAINTEST) {
                return new Square(Double.NaN, Double.NaN);
            }
            double value = Math.max(0, Math.min(1, product / square));
            // First-order propagation of the sampling errors of all agreements that went in.
            double variance = 0;
            for (int a = 0; a < others.length; a++) {
                double byOwn = 0;
                for (int b = 0; b < others.length; b++) {
                    double between = a == b ? 0 : known(others[a], others[b]);
                    byOwn += known(i, others[b]) * between;
                    if (b < a && between != 0) {
                        double slope = (known(i, others[a]) * known(i, others[b]) - 2 * value * between) / square;
                        variance += squared(slope * error(others[a], others[b]));
                    }
                }
                variance += squared(byOwn / square * error(i, others[a]));
            }
            return new Square(value, Math.sqrt(variance));
        }

        private double known(int i, int j) {
            double value = x[i * n + j];
            return Double.isNaN(value) ? 0 : value;
        }

        /** Standard error of a chance-corrected agreement. */
        private double error(int i, int j) {
            double agreement = pairs.agreement(i, j);
            double tasks = pairs.common(i, j);
            return Math.sqrt(Math.max(agreement * (1 - agreement), 0.25 / tasks) / tasks)
                    * votes.classes()
                    / (votes.classes() - 1.0);
        }

        private static double squared(double value) {
            return value * value;
        }

        private Clones result() {
            double[] weights = new double[n];
            Arrays.fill(weights, 1);
            List<Group> groups = new ArrayList<>();
            for (int g = 0; g < n; g++) {
                List<Integer> members = new ArrayList<>();
                for (int i = 0; i < n; i++) {
                    if (group[i] == g) {
                        members.add(i);
                    }
                }
                if (members.size() > 1) {
                    Group made = describe(members);
                    groups.add(made);
                    for (int i : members) {
                        weights[i] = 1 / (1 + (members.size() - 1) * made.dependence());
                    }
                }
            }
            return new Clones(n, groups, weights);
        }

        private Group describe(List<Integer> members) {
            double dependence = 0;
            double agreement = 0;
            double expected = 0;
            int known = 0;
            for (int i : members) {
                for (int j : members) {
                    double e = j < i ? expected(i, j).agreement : Double.NaN;
                    if (!Double.isNaN(e) && tasks(i, j) > 0) {
                        dependence += dependence(observed(i, j), e);
                        agreement += observed(i, j);
                        expected += e;
                        known++;
                    }
                }
            }
            return new Group(List.copyOf(members), dependence / known, agreement / known, expected / known);
        }
    }

    /** Agreements on gold tasks, and the confusion matrices there. */
    private static final class GoldPairs {
        /** More gold tasks tell nothing more about a pair. */
        private static final int MOST_TASKS = 2000;

        private final int classes;
        private final int[] truth;
        /** [labeler][gold task] what it says, or {@link Votes#MISSING}. */
        private final int[][] said;

        private final List<Map<Long, Integer>> confusion = new ArrayList<>();
        private final int[][] seen;

        GoldPairs(Votes votes) {
            this.classes = votes.classes();
            this.truth = new int[Math.min(votes.goldCount(), MOST_TASKS)];
            this.said = new int[votes.workers()][truth.length];
            this.seen = new int[votes.workers()][classes];
            for (int w = 0; w < votes.workers(); w++) {
                Arrays.fill(said[w], Votes.MISSING);
                confusion.add(new HashMap<>());
            }
            int n = 0;
            for (int t = 0; t < votes.tasks() && n < truth.length; t++) {
                int g = votes.gold(t);
                if (g != Votes.MISSING) {
                    for (int v = votes.start(t); v < votes.start(t + 1); v++) {
                        int w = votes.worker(v);
                        said[w][n] = votes.label(v);
                        seen[w][g]++;
                        confusion.get(w).merge((long) g * classes + votes.label(v), 1, Integer::sum);
                    }
                    truth[n++] = g;
                }
            }
        }

        int tasks(int i, int j) {
            int tasks = 0;
            for (int n = 0; n < truth.length; n++) {
                tasks += said[i][n] != Votes.MISSING && said[j][n] != Votes.MISSING ? 1 : 0;
            }
            return tasks;
        }

        double agreement(int i, int j) {
            int same = 0;
            for (int n = 0; n < truth.length; n++) {
                same += said[i][n] != Votes.MISSING && said[i][n] == said[j][n] ? 1 : 0;
            }
            return (double) same / tasks(i, j);
        }

        /** Frequencies on gold, unsmoothed: smoothing would lower the expectation and find clones where there are none. */
        double expected(int i, int j) {
            int[] of = new int[classes];
            for (int n = 0; n < truth.length; n++) {
                of[truth[n]] += said[i][n] != Votes.MISSING && said[j][n] != Votes.MISSING ? 1 : 0;
            }
            double[] sum = {0};
            confusion.get(i).forEach((key, count) -> {
                int k = (int) (key / classes);
                Integer other = confusion.get(j).get(key);
                if (other != null && of[k] > 0) {
                    sum[0] += of[k] * ((double) count / seen[i][k]) * ((double) other / seen[j][k]);
                }
            });
            return sum[0] / tasks(i, j);
        }
    }
}
