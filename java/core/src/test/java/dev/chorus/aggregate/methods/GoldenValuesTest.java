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
        assertThat(result.skills().get("agreement"))
                .containsExactly(new double[] {1, .8333333, .8333333, .5}, within(5e-8));
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
        assertThat(p)
                .containsExactly(new double[] {.971960, .989721, .025532, .099134, .622732, .009344}, within(5e-7));
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
                    double e =
                            Math.max(row[VOTES.label(v)], 1e-10) / (Math.max(row[0], 1e-10) + Math.max(row[1], 1e-10));
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
                        new double[] {
                            .9994022254790,
                            .9999991212819,
                            5.977745209673e-4,
                            .02588951440887,
                            .6083695067408,
                            8.787180865151e-7
                        },
                        within(1e-5));
        assertThat(ofZero(new Glad(steps(2)).fit(VOTES)))
                .containsExactly(
                        new double[] {
                            .9996410081872,
                            .9999988254169,
                            3.589918128147e-4,
                            .04006726914139,
                            .6621782073199,
                            1.174583143561e-6
                        },
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

    /** Gold counts [[8,2],[1,9]], [[6,4],[5,5]] and [[7,3],[2,8]] of three labelers under a prior of 2 and 1. */
    @Test
    void confusionsFromGold() {
        int[][][] counts = {{{8, 2}, {1, 9}}, {{6, 4}, {5, 5}}, {{7, 3}, {2, 8}}};
        String[] rows = new String[22];
        for (int k = 0; k < 2; k++) {
            for (int i = 0; i < 10; i++) {
                StringBuilder row = new StringBuilder();
                for (int[][] of : counts) {
                    row.append(i < of[k][0] ? '0' : '1');
                }
                rows[k * 10 + i] = row.toString();
            }
        }
        rows[20] = "011";
        rows[21] = "0.1";
        int[] gold = new int[22];
        Arrays.fill(gold, 10, 20, 1);
        Arrays.fill(gold, 20, 22, Votes.MISSING);
        Aggregation result = new GoldConfusions().fit(SmallVotes.rows(2, rows).withGold(gold));
        assertThat(result.posteriors().row(20)).containsExactly(new double[] {.58823529, .41176471}, within(5e-9));
        assertThat(result.posteriors().row(21)).containsExactly(new double[] {.66666667, .33333333}, within(5e-9));
        assertThat(result.taskPosterior().of(new int[] {0, 1, 2}, new int[] {0, 1, 1}))
                .containsExactly(new double[] {.58823529, .41176471}, within(5e-9));
    }

    /** 200 tasks of seven labelers, three classes. */
    private static final String SEVEN = ""
            + "2121221 2222201 0011102 2220122 1210211 1111102 1011021 0000000 2220112 0001200 "
            + "0000012 1210112 1110202 1111010 0000000 1000021 0102011 0000021 0000011 2122222 "
            + "0020002 1111111 2222221 0000002 0020210 1112110 0022012 2222221 0020202 2120020 "
            + "2220210 2221210 0020021 1211010 1111110 1112010 1101120 2222102 1110022 0010020 "
            + "2210221 1101101 1221222 0010100 1111010 2122200 0010200 0002010 1112012 2222022 "
            + "0001000 2222222 1112112 0002001 1111202 2212011 2022121 2222221 0002120 0000022 "
            + "2210202 2222221 2221001 0000000 0200000 1111220 1111111 1211101 2202222 0000210 "
            + "1111101 0200201 2120020 1222222 0000002 0000010 0000000 0002002 0002002 2222201 "
            + "1111102 1110112 0100220 2202221 2222212 0020210 0010000 0000000 0022102 2212120 "
            + "1011122 1202010 1000012 1111011 2222001 0000010 2222120 0001202 1100012 2222222 "
            + "2220221 0010000 2022120 2122201 1111122 1121111 0220120 2222201 2222222 0111110 "
            + "0000200 2202221 0200001 1112112 2222201 0120021 0002020 2222220 0000200 2222221 "
            + "2222220 2222200 2121012 1111111 2221222 0000010 1211111 1111100 1210222 0001021 "
            + "0022001 2221120 2210220 1112022 2121222 2111211 0021102 2222220 2100012 0000000 "
            + "0122210 1101222 0111010 0222221 2202220 1111121 0001101 2222221 0220122 2110111 "
            + "0001001 2212202 2221202 2022201 1211122 2222220 1100101 2222222 0000000 0000200 "
            + "1210112 2222120 1112121 2020221 2222011 2011112 1111111 1101111 1110111 1120101 "
            + "1110202 2222022 2222022 0000221 1111012 2111111 0010002 0001220 2220221 1111222 "
            + "1221121 1112210 1112111 2122222 1111212 2222022 1110101 0000022 1000220 0200222 "
            + "1101111 0110022 2222201 2221212 0001102 0000110 2122202 1111110 1111111 0001122 ";

    /** crowd-kit's log-odds and skills on those; both iterate to their fixed point. */
    @Test
    void robustCompletionAndZeroBasedSkillOnSevenLabelers() {
        Votes votes = SmallVotes.rows(3, SEVEN.trim().split(" ", -1));
        assertThat(new Mmsr().fit(votes).skills().get("weight"))
                .containsExactly(
                        new double[] {
                            2.998793407564,
                            2.12577733324,
                            1.997955907236,
                            1.353459847182,
                            1.306517012282,
                            .957354469667,
                            .410958071678
                        },
                        within(1e-6));
        assertThat(new ZeroBasedSkill(steps(100)).fit(votes).skills().get("skill"))
                .containsExactly(new double[] {.905, .825, .8, .655, .66, .595, .43}, within(1e-3));
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
