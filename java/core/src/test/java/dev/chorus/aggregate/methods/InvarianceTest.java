package dev.chorus.aggregate.methods;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.Aggregators;
import dev.chorus.aggregate.Simulation;
import dev.chorus.aggregate.SmallVotes;
import dev.chorus.aggregate.Support;
import dev.chorus.aggregate.votes.Votes;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What must not change a result, what must never happen, and inputs at the edge. */
class InvarianceTest {

    private static final Aggregators ALL = Aggregators.standard();

    /** Methods that draw at random begin elsewhere when labelers or tasks change places. */
    private static final List<String> DRAW = List.of("mace", "kos");

    private static Votes some(int classes, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] balance = new double[classes];
        Arrays.fill(balance, 1.0 / classes);
        Simulation simulation = new Simulation(random, 300, 6, balance);
        for (int w = 0; w < 6; w++) {
            simulation.vote(random, w, Simulation.coin(classes, .55 + .06 * w), .8);
        }
        return simulation.votes();
    }

    private static boolean fits(String name, Votes votes) {
        return !name.equals("kos") || votes.classes() <= 2;
    }

    @Test
    void objectivesNeverFall() {
        for (int classes = 2; classes <= 4; classes++) {
            Votes votes = some(classes, classes);
            for (String name : new String[] {"dawid-skene", "one-coin", "ibcc", "glad", "mace"}) {
                for (Votes each : new Votes[] {votes, votes.withWeights(new double[] {.3, 1, .3, 2, .3, 1})}) {
                    Map<String, String> slow = Map.of("tolerance", "0", "iterations", "60");
                    double[] trace = ALL.make(name, slow).fit(each).trace().values();
                    for (int i = 1; i < trace.length; i++) {
                        assertThat(trace[i]).as(name + " at " + i).isGreaterThanOrEqualTo(trace[i - 1] - 1e-7);
                    }
                    assertThat(trace[trace.length - 1]).isGreaterThan(trace[0]);
                }
            }
        }
    }

    @Test
    void plainMaceClimbsToo() {
        Map<String, String> plain = Map.of("tolerance", "0", "iterations", "60", "variational", "false");
        double[] trace = ALL.make("mace", plain).fit(some(3, 3)).trace().values();
        for (int i = 1; i < trace.length; i++) {
            assertThat(trace[i]).isGreaterThanOrEqualTo(trace[i - 1] - 1e-8);
        }
    }

    @Test
    void numbersOfThreadsChangeNoBit() {
        SplittableRandom random = new SplittableRandom(4);
        Simulation simulation = new Simulation(random, 20_000, 6, .4, .3, .3);
        for (int w = 0; w < 6; w++) {
            simulation.vote(random, w, .5 + .07 * w);
        }
        Votes votes = simulation.votes();
        for (String name : new String[] {"dawid-skene", "one-coin", "ibcc", "glad", "mace"}) {
            double[][] rows = null;
            for (String threads : new String[] {"1", "2", "3", "7"}) {
                double[][] now = ALL.make(name, Map.of("threads", threads, "iterations", "5"))
                        .predictProbabilities(votes);
                if (rows != null) {
                    assertThat(Arrays.deepEquals(now, rows)).as(name).isTrue();
                }
                rows = now;
            }
        }
    }

    @Test
    void relabellingAndPermutingChangeNothing() {
        SplittableRandom random = new SplittableRandom(11);
        for (int classes = 2; classes <= 3; classes++) {
            Votes votes = some(classes, 20 + classes);
            int[] tasks = permutation(random, votes.tasks());
            int[] workers = permutation(random, votes.workers());
            int[] labels = permutation(random, classes);
            Votes permuted = permuted(votes, tasks, workers, labels);
            for (String name : ALL.names()) {
                if (!fits(name, votes) || DRAW.contains(name)) {
                    continue;
                }
                Aggregation before = ALL.make(name).fit(votes);
                Aggregation after = ALL.make(name).fit(permuted);
                for (int t = 0; t < votes.tasks(); t++) {
                    for (int k = 0; k < classes; k++) {
                        assertThat(after.posteriors().probability(tasks[t], labels[k]))
                                .as(name)
                                .isCloseTo(before.posteriors().probability(t, k), within(tolerance(name)));
                    }
                }
            }
        }
    }

    /** Ties of a majority inside an iteration go to the lowest index, and a climb ends where it ends. */
    private static double tolerance(String name) {
        return switch (name) {
            case "zero-based-skill", "wawa" -> .05;
            case "glad" -> 1e-3;
            default -> 1e-6;
        };
    }

    @Test
    void methodsThatDrawAgreeOnNearlyAllAfterPermuting() {
        SplittableRandom random = new SplittableRandom(12);
        Votes votes = some(2, 31);
        int[] tasks = permutation(random, votes.tasks());
        Votes permuted = permuted(votes, tasks, permutation(random, votes.workers()), new int[] {1, 0});
        for (String name : DRAW) {
            int[] before = ALL.make(name).fitPredict(votes);
            int[] after = ALL.make(name).fitPredict(permuted);
            int same = 0;
            for (int t = 0; t < before.length; t++) {
                same += before[t] == 1 - after[tasks[t]] ? 1 : 0;
            }
            assertThat(same).as(name).isGreaterThanOrEqualTo(before.length - 6);
        }
    }

    @Test
    void aLabelerOfWeightZeroIsAsGoodAsAbsent() {
        Votes votes = some(3, 40);
        double[] weights = {1, 1, 0, 1, 1, 1};
        Votes without = dropped(votes, 2);
        for (String name : new String[] {"majority", "dawid-skene", "one-coin", "ibcc", "glad", "dirichlet-evidence"}) {
            // A fit stops by its objective a vote, and the silent labeler's votes would count there.
            Map<String, String> settings = name.equals("majority") || name.equals("dirichlet-evidence")
                    ? Map.of()
                    : Map.of("tolerance", "0", "iterations", "10");
            double[][] silent = ALL.make(name, settings).predictProbabilities(votes.withWeights(weights));
            double[][] absent = ALL.make(name, settings).predictProbabilities(without);
            for (int t = 0; t < silent.length; t++) {
                assertThat(silent[t]).as(name).containsExactly(absent[t], within(name.equals("glad") ? 1e-3 : 1e-9));
            }
        }
    }

    @Test
    void inputsAtTheEdge() {
        Map<String, Votes> edges = Map.of(
                "one class", SmallVotes.rows(1, "000", "000", "000"),
                "one labeler", SmallVotes.rows(2, "0", "1", "1"),
                "one vote a task", SmallVotes.rows(2, "0..", ".1.", "..1", "0.."),
                "one task", SmallVotes.rows(2, "011"),
                "always one class", SmallVotes.rows(2, "0000", "0110", "0111", "0010", "0111"),
                "a labeler of one vote", SmallVotes.rows(2, "000.", "110.", "111.", "0101"),
                "a task without a vote", SmallVotes.rows(2, "010", "...", "111"),
                "all agree", SmallVotes.rows(2, "000", "111", "111"));
        for (Map.Entry<String, Votes> edge : edges.entrySet()) {
            Votes votes = edge.getValue();
            for (String name : ALL.names()) {
                double[][] rows = ALL.make(name).predictProbabilities(votes);
                for (int t = 0; t < rows.length; t++) {
                    double sum = 0;
                    for (double p : rows[t]) {
                        assertThat(p).as(name + ", " + edge.getKey()).isBetween(0.0, 1.0);
                        sum += p;
                    }
                    assertThat(sum).as(name + ", " + edge.getKey()).isCloseTo(1, within(1e-9));
                }
            }
        }
        for (String name : ALL.names()) {
            assertThat(ALL.make(name).fitPredict(edges.get("all agree")))
                    .as(name)
                    .containsExactly(0, 1, 1);
            assertThat(ALL.make(name).fitPredict(edges.get("one labeler")))
                    .as(name)
                    .containsExactly(0, 1, 1);
        }
    }

    @Test
    void sparseConfusionsAreTheDenseOnesOfTheSameCandidates() {
        Votes votes = some(4, 50);
        Support voted = Support.voted(votes);
        assertThat(voted.isAll()).isFalse();
        for (boolean bayesian : new boolean[] {false, true}) {
            RowRule rule = bayesian ? new DirichletRows(2, 1) : new PointRows();
            double concentration = bayesian ? 1 : 0;
            DenseConfusionModel dense = new DenseConfusionModel(votes, rule, new BalanceRule(4, concentration), false);
            SparseConfusionModel sparse =
                    new SparseConfusionModel(votes, voted, rule, new BalanceRule(4, concentration));
            LatentClassModel.Counts denseCounts = dense.counts();
            LatentClassModel.Counts sparseCounts = sparse.counts();
            double[] shares = VoteShares.of(votes, voted, null);
            for (int t = 0; t < votes.tasks(); t++) {
                double[] full = new double[4];
                double[] part = new double[4];
                for (int i = 0; i < voted.size(t); i++) {
                    part[i] = shares[voted.start(t) + i];
                    full[voted.candidate(t, i)] = part[i];
                }
                denseCounts.add(t, full);
                sparseCounts.add(t, part);
            }
            dense.maximize(denseCounts);
            sparse.maximize(sparseCounts);
            double[] full = new double[4];
            double[] part = new double[4];
            for (int t = 0; t < votes.tasks(); t++) {
                dense.score(t, full);
                sparse.score(t, part);
                for (int i = 0; i < voted.size(t); i++) {
                    assertThat(part[i]).isCloseTo(full[voted.candidate(t, i)], within(1e-9));
                }
            }
            assertThat(sparse.parameters()).isCloseTo(dense.parameters(), within(1e-8));
            for (int w = 0; w < votes.workers(); w++) {
                for (int k = 0; k < 4; k++) {
                    for (int y = 0; y < 4; y++) {
                        assertThat(sparse.confusions().probability(w, k, y))
                                .isCloseTo(dense.confusions().probability(w, k, y), within(1e-12));
                    }
                }
            }
        }
    }

    @Test
    void tenThousandClasses() {
        SplittableRandom random = new SplittableRandom(13);
        int tasks = 5000;
        int workers = 20;
        int[] task = new int[tasks * 5];
        int[] worker = new int[task.length];
        int[] label = new int[task.length];
        int[] truth = new int[tasks];
        for (int t = 0; t < tasks; t++) {
            truth[t] = random.nextInt(10_000);
            for (int i = 0; i < 5; i++) {
                int n = t * 5 + i;
                task[n] = t;
                worker[n] = (t + i * 4) % workers;
                label[n] = random.nextDouble() < .4 + .03 * worker[n] ? truth[t] : random.nextInt(10_000);
            }
        }
        Votes votes = Votes.of(tasks, workers, 10_000, task, worker, label);
        for (String name :
                new String[] {"majority", "dawid-skene", "one-coin", "ibcc", "glad", "mace", "dirichlet-evidence"}) {
            int[] labels = ALL.make(name, name.equals("mace") ? Map.of("restarts", "1") : Map.of())
                    .fitPredict(votes);
            int right = 0;
            for (int t = 0; t < tasks; t++) {
                right += labels[t] == truth[t] ? 1 : 0;
            }
            // Half an item a class and labeler: relative frequencies without a prior believe what they saw once.
            double least = name.equals("dawid-skene") ? .5 : .9;
            assertThat(right).as(name).isGreaterThan((int) (least * tasks));
        }
    }

    private static int[] permutation(SplittableRandom random, int n) {
        int[] p = new int[n];
        Arrays.setAll(p, i -> i);
        for (int i = n - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swap = p[i];
            p[i] = p[j];
            p[j] = swap;
        }
        return p;
    }

    private static Votes permuted(Votes votes, int[] tasks, int[] workers, int[] labels) {
        int[] task = new int[votes.size()];
        int[] worker = new int[votes.size()];
        int[] label = new int[votes.size()];
        for (int v = 0; v < votes.size(); v++) {
            task[v] = tasks[votes.taskOf(v)];
            worker[v] = workers[votes.worker(v)];
            label[v] = labels[votes.label(v)];
        }
        return Votes.of(votes.tasks(), votes.workers(), votes.classes(), task, worker, label);
    }

    private static Votes dropped(Votes votes, int gone) {
        int n = 0;
        int[] task = new int[votes.size()];
        int[] worker = new int[votes.size()];
        int[] label = new int[votes.size()];
        for (int v = 0; v < votes.size(); v++) {
            if (votes.worker(v) != gone) {
                task[n] = votes.taskOf(v);
                worker[n] = votes.worker(v);
                label[n++] = votes.label(v);
            }
        }
        return Votes.of(
                votes.tasks(),
                votes.workers(),
                votes.classes(),
                Arrays.copyOf(task, n),
                Arrays.copyOf(worker, n),
                Arrays.copyOf(label, n));
    }
}
