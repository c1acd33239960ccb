package dev.chorus.aggregate.methods;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.Aggregators;
import dev.chorus.aggregate.Confusions;
import dev.chorus.aggregate.Interval;
import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.aggregate.Simulation;
import dev.chorus.aggregate.votes.Votes;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Simulated votes whose confusion matrices and labels are known. */
class PlantedTruthTest {

    private static final double[][][] PLANTED = {
        {{.9, .05, .05}, {.1, .85, .05}, {.05, .1, .85}},
        {{.8, .15, .05}, {.2, .7, .1}, {.1, .1, .8}},
        {{.7, .1, .2}, {.1, .8, .1}, {.25, .05, .7}},
        {{.6, .2, .2}, {.15, .65, .2}, {.1, .3, .6}},
        {{.95, .03, .02}, {.3, .6, .1}, {.3, .1, .6}},
    };

    private static Simulation planted(int tasks, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Simulation simulation = new Simulation(random, tasks, PLANTED.length, .5, .3, .2);
        for (int w = 0; w < PLANTED.length; w++) {
            simulation.vote(random, w, PLANTED[w], .9);
        }
        return simulation;
    }

    /** An entry is a share of at least 0.2 * 0.9 * 20,000 = 3,600 votes: a standard error below .0084, of which four. */
    @Test
    void confusionMatricesAreRecovered() {
        Simulation simulation = planted(20_000, 1);
        for (LabelAggregator method : new LabelAggregator[] {new DawidSkene(), new Ibcc()}) {
            Aggregation result = method.fit(simulation.votes());
            Confusions confusions = result.confusions().orElseThrow();
            for (int w = 0; w < PLANTED.length; w++) {
                for (int k = 0; k < 3; k++) {
                    for (int y = 0; y < 3; y++) {
                        assertThat(confusions.probability(w, k, y))
                                .as(method.name() + " " + w + " " + k + " " + y)
                                .isCloseTo(PLANTED[w][k][y], within(.034));
                    }
                }
            }
            assertThat(result.classBalance().orElseThrow()).containsExactly(new double[] {.5, .3, .2}, within(.015));
        }
    }

    @Test
    void posteriorsAreCalibrated() {
        Simulation simulation = planted(100_000, 2);
        Aggregation result = new Ibcc().fit(simulation.votes());
        assertThat(calibrationError(simulation, result)).isLessThan(.02);
        assertThat(calibrationError(simulation, new Majority().fit(simulation.votes())))
                .isGreaterThan(.02);
    }

    /** Expected calibration error over ten equal bins. */
    private static double calibrationError(Simulation simulation, Aggregation result) {
        double[] confidence = new double[10];
        double[] right = new double[10];
        for (int t = 0; t < simulation.truth.length; t++) {
            double c = result.posteriors().confidence(t);
            int bin = Math.max(0, (int) Math.ceil(c * 10) - 1);
            confidence[bin] += c;
            right[bin] += result.posteriors().label(t) == simulation.truth[t] ? 1 : 0;
        }
        double error = 0;
        for (int b = 0; b < 10; b++) {
            error += Math.abs(right[b] - confidence[b]) / simulation.truth.length;
        }
        return error;
    }

    /** 90% intervals of 45 entries over 20 simulations: 900 of them, of which a binomial share holds the truth. */
    @Test
    void credibleIntervalsHoldTheTruthAsOftenAsTheySay() {
        int inside = 0;
        int all = 0;
        for (int seed = 0; seed < 20; seed++) {
            Confusions confusions = new Ibcc()
                    .fit(planted(1500, 50 + seed).votesWithGold(1500))
                    .confusions()
                    .orElseThrow();
            for (int w = 0; w < PLANTED.length; w++) {
                for (int k = 0; k < 3; k++) {
                    for (int y = 0; y < 3; y++) {
                        Interval interval = confusions.interval(w, k, y, .9);
                        all++;
                        inside += interval.low() <= PLANTED[w][k][y] && PLANTED[w][k][y] <= interval.high() ? 1 : 0;
                    }
                }
            }
        }
        assertThat((double) inside / all).isCloseTo(.9, within(.04));
    }

    @Test
    void modelsOfLabelersBeatTheMajorityWhereLabelersDiffer() {
        SplittableRandom random = new SplittableRandom(5);
        Simulation simulation = new Simulation(random, 4000, 7, .5, .5);
        double[] accuracy = {.95, .9, .6, .58, .56, .55, .53};
        for (int w = 0; w < accuracy.length; w++) {
            simulation.vote(random, w, accuracy[w]);
        }
        Votes votes = simulation.votes();
        double majority = simulation.accuracy(new Majority().fitPredict(votes));
        for (String name : new String[] {"dawid-skene", "one-coin", "ibcc", "glad", "mace", "kos", "m-msr"}) {
            assertThat(simulation.accuracy(Aggregators.standard().make(name).fitPredict(votes)))
                    .as(name)
                    .isGreaterThan(majority + .05);
        }
        double[] skill = new OneCoin().fit(votes).skills().get("accuracy");
        assertThat(skill).containsExactly(accuracy, within(.03));
        // Trimmed means of six ratios are too low for the best, and right about who is good.
        double[] robust = new Mmsr().fit(votes).skills().get("accuracy");
        for (int w = 0; w < accuracy.length; w++) {
            assertThat(robust[w] > .7).as("labeler " + w).isEqualTo(accuracy[w] > .7);
        }
        assertThat(new Mace().fit(votes).skills().get("competence")[0]).isCloseTo(.9, within(.05));
    }

    @Test
    void anAdversaryIsTurnedAround() {
        SplittableRandom random = new SplittableRandom(6);
        Simulation simulation = new Simulation(random, 3000, 5, .5, .5);
        double[] accuracy = {.85, .8, .75, .7, .1};
        for (int w = 0; w < accuracy.length; w++) {
            simulation.vote(random, w, accuracy[w]);
        }
        double best = simulation.accuracy(new DawidSkene().fitPredict(simulation.votes()));
        assertThat(best).isGreaterThan(.93);
        assertThat(simulation.accuracy(new Kos().fitPredict(simulation.votes())))
                .isGreaterThan(.93);
        assertThat(new Mmsr().fit(simulation.votes()).skills().get("accuracy")[4])
                .isCloseTo(.1, within(.05));
    }

    @Test
    void goldAnchorsEveryModel() {
        Simulation simulation = planted(600, 9);
        Votes votes = simulation.votesWithGold(200);
        for (String name : Aggregators.standard().names()) {
            if (name.equals("kos")) {
                continue;
            }
            Aggregation result = Aggregators.standard().make(name).fit(votes);
            for (int t = 0; t < 200; t++) {
                assertThat(result.posteriors().probability(t, simulation.truth[t]))
                        .as(name)
                        .isEqualTo(1);
            }
        }
    }

    /** Labelers of whom most are wrong: without gold all follow them, with gold the models do not. */
    @Test
    void goldTurnsTheMajority() {
        SplittableRandom random = new SplittableRandom(10);
        Simulation simulation = new Simulation(random, 3000, 5, .5, .5);
        double[] accuracy = {.9, .85, .3, .35, .4};
        for (int w = 0; w < accuracy.length; w++) {
            simulation.vote(random, w, accuracy[w]);
        }
        Votes votes = simulation.votesWithGold(100);
        for (String name :
                new String[] {"weighted-majority", "dawid-skene", "one-coin", "ibcc", "glad", "mace", "kos"}) {
            assertThat(simulation.accuracy(Aggregators.standard().make(name).fitPredict(votes), 100))
                    .as(name)
                    .isGreaterThan(.85);
        }
    }
}
