package dev.chorus.aggregate.methods;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.aggregate.Aggregators;
import dev.chorus.aggregate.Simulation;
import dev.chorus.aggregate.labelers.Clones;
import dev.chorus.aggregate.votes.Votes;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Five situations in which methods differ, simulated: 2,000 tasks, 18 classes, five labelers, 150 gold labels, twelve seeds.
 * Rankings are asserted where theory says who must win.
 */
class RegimesTest {

    private static final int TASKS = 2000;
    private static final int CLASSES = 18;
    private static final int GOLD = 150;
    private static final int SEEDS = 12;
    private static final String[] METHODS = {
        "majority", "weighted-majority", "one-coin", "dawid-skene", "ibcc", "gold-confusions"
    };

    interface Regime {
        void vote(SplittableRandom random, Simulation simulation);
    }

    private static Simulation simulate(Regime regime, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] balance = new double[CLASSES];
        Arrays.fill(balance, 1.0 / CLASSES);
        Simulation simulation = new Simulation(random, TASKS, 5, balance);
        regime.vote(random, simulation);
        return simulation;
    }

    /** Mean accuracy of each method behind the gold tasks, and with clones sharing a vote as {@code method shared}. */
    private static Map<String, Double> run(Regime regime) {
        Map<String, Double> mean = new LinkedHashMap<>();
        for (int seed = 0; seed < SEEDS; seed++) {
            Simulation simulation = simulate(regime, seed);
            Votes votes = simulation.votesWithGold(GOLD);
            Votes shared = Clones.find(votes).share(votes);
            for (String name : METHODS) {
                double accuracy =
                        simulation.accuracy(Aggregators.standard().make(name).fitPredict(votes), GOLD);
                mean.merge(name, accuracy / SEEDS, Double::sum);
                double sharing =
                        simulation.accuracy(Aggregators.standard().make(name).fitPredict(shared), GOLD);
                mean.merge(name + " shared", sharing / SEEDS, Double::sum);
            }
        }
        return mean;
    }

    @Test
    void equalLabelers() {
        Map<String, Double> a = run((random, simulation) -> {
            for (int w = 0; w < 5; w++) {
                simulation.vote(random, w, .55);
            }
        });
        // All labelers alike: nothing is to be learned about them, and the plain vote is already the best weighted one.
        assertThat(a.get("one-coin")).isGreaterThan(a.get("majority") - .01);
        assertThat(a.get("majority")).isGreaterThan(a.get("dawid-skene") - .02);
    }

    @Test
    void unequalLabelers() {
        Map<String, Double> b = run((random, simulation) -> {
            double[] accuracy = {.75, .55, .3, .25, .2};
            for (int w = 0; w < 5; w++) {
                simulation.vote(random, w, accuracy[w]);
            }
        });
        assertThat(b.get("weighted-majority")).isGreaterThan(b.get("majority") + .05);
        assertThat(b.get("one-coin")).isGreaterThan(b.get("majority") + .05);
        assertThat(b.get("ibcc")).isGreaterThan(b.get("majority") + .05);
    }

    @Test
    void clones() {
        Map<String, Double> c = run((random, simulation) -> {
            simulation.vote(random, 0, .6).vote(random, 1, .6).vote(random, 2, .4);
            simulation.copy(random, 3, 2, .95, .4).copy(random, 4, 2, .95, .4);
        });
        // Dawid-Skene takes the copies for witnesses, unless they share a vote, as the command lets them by default.
        assertThat(c.get("one-coin")).isLessThan(c.get("majority") + .01);
        assertThat(c.get("one-coin shared")).isGreaterThan(c.get("majority") + .1);
        assertThat(c.get("dawid-skene shared")).isGreaterThan(c.get("majority"));
        assertThat(c.get("ibcc shared")).isGreaterThan(c.get("majority") + .1);
        assertThat(c.get("weighted-majority shared")).isGreaterThan(c.get("majority") + .1);
    }

    @Test
    void abstaining() {
        Map<String, Double> d = run((random, simulation) -> {
            double[] accuracy = {.8, .75, .7, .65, .6};
            for (int w = 0; w < 5; w++) {
                simulation.vote(random, w, Simulation.coin(CLASSES, accuracy[w]), .5);
            }
        });
        assertThat(d.get("one-coin")).isGreaterThan(d.get("majority"));
        assertThat(d.get("weighted-majority")).isGreaterThan(d.get("majority"));
    }

    @Test
    void halvesOfTheClasses() {
        Map<String, Double> e = run((random, simulation) -> {
            for (int w = 0; w < 5; w++) {
                double[][] confusion = new double[CLASSES][];
                for (int k = 0; k < CLASSES; k++) {
                    boolean knows = (k + w) % 2 == 0;
                    confusion[k] = Simulation.coin(CLASSES, knows ? .8 : .15)[k];
                }
                simulation.vote(random, w, confusion, 1);
            }
        });
        // One accuracy cannot say what a matrix can: who knows which half.
        assertThat(e.get("ibcc")).isGreaterThan(e.get("one-coin"));
        assertThat(e.get("ibcc")).isGreaterThan(e.get("majority") + .02);
        assertThat(e.get("dawid-skene")).isGreaterThan(e.get("majority") + .02);
    }
}
