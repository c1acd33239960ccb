package dev.chorus.aggregate.methods;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.aggregate.Aggregation;
import dev.chorus.aggregate.LabelAggregator;
import dev.chorus.aggregate.SmallVotes;
import dev.chorus.aggregate.Support;
import dev.chorus.aggregate.votes.Votes;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Every method against values of the literature's reference implementations on six tasks of four labelers. */
class GoldenValuesTest {

    private static final Votes VOTES = SmallVotes.golden();

    private static double[] ofZero(Aggregation result) {
        double[] p = new double[VOTES.tasks()];
        Arrays.setAll(p, t -> result.posteriors().probability(t, 0));
        return p;
    }

    private static FitSettings steps(int n) {
        return FitSettings.defaults().withIterations(n).withTolerance(0);
    }

    @Test
    void majority() {
        Aggregation result = new Majority().fit(VOTES);
        assertThat(ofZero(result)).containsExactly(.75, 1, .25, .25, .5, 0);
        assertThat(result.labels()).containsExactly(0, 0, 1, 1, 0, 1);
        assertThat(result.skills().get("agreement")).containsExactly(new double[] {1, .8333333, .8333333, .5}, within(5e-8));
    }

    @Test
    void wawa() {
        Aggregation result = new Wawa().fit(VOTES);
        assertThat(ofZero(result))
                .containsExactly(new double[] {.8421053, 1, .1578947, .2631579, .5789474, 0}, within(5e-8));
    }

    @Test
    void dawidSkeneAfterOneStep() {
        Aggregation result = new DawidSkene(steps(1)).fit(VOTES);
        double[] p = ofZero(result);
        assertThat(p).containsExactly(new double[] {.971960, .989721, .025532, .099134, .622732, .009344}, within(5e-7));
        assertThat(libraryBound(result)).isCloseTo(-1.0409064240, within(5e-11));
    }

    /**
     * The bound as crowd-kit has it: under the parameters learned from these posteriors, the log-prior counted once a
     * response, the mean over responses.
     */
    private static double libraryBound(Aggregation result) {
        double[] balance = new double[2];
        double[][][] errors = new double[VOTES.workers()][2][2];
        for (int t = 0; t < VOTES.tasks(); t++) {
            for (int k = 0; k < 2; k++) {
                double p = result.posteriors().probability(t, k);
                balance[k] += p / VOTES.tasks();
                for (int v = VOTES.start(t); v < VOTES.start(t + 1); v++) {
                    errors[VOTES.worker(v)][k][VOTES.label(v)] += p;
                }
            }
        }
        double sum = 0;
        for (int t = 0; t < VOTES.tasks(); t++) {
            for (int k = 0; k < 2; k++) {
                double p = result.posteriors().probability(t, k);
                for (int v = VOTES.start(t); v < VOTES.start(t + 1); v++) {
                    double[] row = errors[VOTES.worker(v)][k];
                    double e = Math.max(row[VOTES.label(v)], 1e-10)
                            / (Math.max(row[0], 1e-10) + Math.max(row[1], 1e-10));
                    sum += p * (Math.log(balance[k]) + Math.log(e));
                }
                sum -= p * Math.log(p);
            }
        }
        return sum / VOTES.size();
    }

    /** The reference stops after ten rounds; at the limit both undecided tasks are certain. */
    @Test
    void dawidSkeneWhereTheReferenceStops() {
        assertThat(ofZero(new DawidSkene(steps(10)).fit(VOTES)))
                .containsExactly(new double[] {1, 1, 0, .000003, .999948, 0}, within(1e-6));
        assertThat(ofZero(new DawidSkene(steps(10)).fit(VOTES))[3]).isCloseTo(2.606498408379e-6, within(1e-12));
        assertThat(ofZero(new DawidSkene(steps(1000)).fit(VOTES))[4]).isCloseTo(1, within(1e-9));
    }

    /** After eleven rounds. */
    @Test
    void oneCoinWhereTheReferenceStops() {
        double[] p = ofZero(new OneCoin(steps(11)).fit(VOTES));
        assertThat(p[3]).isCloseTo(3.089929073063e-5, within(1e-12));
        assertThat(p[4]).isCloseTo(.9999691007093, within(1e-12));
    }

    @Test
    void gladAtStart() {
        // One task's posterior under ability 1 and difficulty 1 is what the first expectation gives.
        double a = 1 / (1 + Math.exp(-Math.E));
        double three = Math.pow(a, 3) * (1 - a);
        double one = Math.pow(1 - a, 3) * a;
        assertThat(three / (three + one)).isCloseTo(.9956644579, within(5e-11));
    }

    /**
     * Against crowd-kit (commit 35f0661) with its climbing step solved, m_step_tol=1e-11: at its default of 1e-2 its digits
     * depend on where the climb happens to stop (t4 .0397 in place of .0401). Its line search ends at 1e-5 even so.
     */
    @Test
    void gladAgainstTheSolvedReference() {
        assertThat(ofZero(new Glad(steps(1)).fit(VOTES)))
                .containsExactly(
                        new double[] {.9994022254790, .9999991212819, 5.977745209673e-4, .02588951440887, .6083695067408, 8.787180865151e-7},
                        within(1e-5));
        assertThat(ofZero(new Glad(steps(2)).fit(VOTES)))
                .containsExactly(
                        new double[] {.9996410081872, .9999988254169, 3.589918128147e-4, .04006726914139, .6621782073199, 1.174583143561e-6},
                        within(1e-5));
        assertThat(new Glad(steps(3)).fit(VOTES).skills().get("ability"))
                .containsExactly(
                        new double[] {1.178240286364, 1.023663362009, .70507400846, .193183939225}, within(5e-5));
    }

    @Test
    void maceStep() {
        Mace.Settings settings = Mace.Settings.defaults().withVariational(false);
        Support support = Support.of(VOTES);
        Mace.Model model = new Mace.Model(VOTES, support, settings);
        model.begin(.6);
        double[] row = new double[2];
        double[] p = new double[VOTES.tasks()];
        double logLikelihood = 0;
        LatentClassModel.Counts counts = model.counts();
        for (int t = 0; t < VOTES.tasks(); t++) {
            model.score(t, row);
            // The reference adds 1e-8 to every task's likelihood.
            logLikelihood += Math.log(Math.exp(ExpectationMaximization.softmax(row, 2)) + 1e-8);
            p[t] = row[0];
            counts.add(t, row);
        }
        assertThat(p)
                .containsExactly(
                        new double[] {.94117647, .99610895, .05882353, .05882353, .5, .00389105}, within(5e-9));
        assertThat(logLikelihood).isCloseTo(-15.5629807543, within(5e-11));
        model.maximize(counts);
        assertThat(model.guesses())
                .containsExactly(new double[] {2.01318952, 2.01318952, 2.67495422, 3.33671893}, within(5e-9));
        assertThat(model.meanCompetence())
                .containsExactly(new double[] {.66419476, .66419476, .55408416, .44397356}, within(5e-9));
    }

    /** crowd-kit's skills on these votes. */
    @Test
    void zeroBasedSkill() {
        assertThat(new ZeroBasedSkill(steps(100)).fit(VOTES).skills().get("skill"))
                .containsExactly(new double[] {1, .833333333333, .833333333333, .5}, within(1e-9));
    }

    @Test
    void everyMethodIsRightWhereMostAre() {
        for (LabelAggregator method : new LabelAggregator[] {
            new ZeroBasedSkill(), new Mmsr(), new Kos(), new Mace(), new Ibcc(), new DirichletEvidence()
        }) {
            int[] labels = method.fitPredict(VOTES);
            assertThat(labels).as(method.name()).startsWith(0, 0, 1, 1).endsWith(1);
        }
    }
}
