package dev.chorus.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.chorus.config.ConfigException;
import dev.chorus.labels.ClassAggregate;
import dev.chorus.labels.TextAggregate;
import dev.chorus.results.Results;
import dev.chorus.stage.ProgressListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Aggregators, labelers' weights from gold and what follows from a posterior, in whole runs of a toy's size. */
class AggregatorsInExperimentsTest {
    private static final String SHORT = "scenario.train.epochs=2";

    @TempDir
    private Path folder;

    /** One seed of the task of classes. */
    private Results classes(String... overrides) {
        return Tiny.run(
                folder.resolve("out"),
                Stream.concat(Stream.of("seeds=[0]", "slots=null", "weak.slots=null", SHORT), Arrays.stream(overrides))
                        .toArray(String[]::new));
    }

    private Results texts(String... overrides) {
        return Tiny.run(
                folder.resolve("out"),
                Stream.concat(
                                Stream.of(
                                        "seeds=[0]",
                                        "scenario=null",
                                        "weak.scenario=null",
                                        "slots.dpo=null",
                                        "slots.train.epochs=2"),
                                Arrays.stream(overrides))
                        .toArray(String[]::new));
    }

    private <T> T aggregate(Class<T> type) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            Path file = files.filter(each -> each.endsWith(StageFiles.AGGREGATE))
                    .findFirst()
                    .orElseThrow();
            return StageFiles.read(file.getParent(), StageFiles.AGGREGATE, type);
        }
    }

    private static List<String> models(Results results) {
        return results.tasks().get(0).models().stream().map(Results.Model::id).toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"majority", "dawid-skene", "{method: ibcc, settings: [soft=true, diagonal=3]}"})
    void anAggregatorMakesAPosteriorToLearnFrom(String aggregator) throws IOException {
        Results results = classes(
                "scenario.aggregator=" + aggregator,
                "scenario.judge=gold",
                "scenario.students=[naive, aggregate, bayesian, {teach: aggregate, weigh: confidence}, {teach: naive, weigh: entropy}]",
                "scenario.bayesian.labels=posterior");

        assertThat(models(results))
                .containsExactly(
                        "small",
                        "wide",
                        "naive",
                        "aggregate",
                        "bayesian",
                        "aggregate-confidence",
                        "naive-entropy",
                        "ceiling");
        ClassAggregate made = aggregate(ClassAggregate.class);
        assertThat(made.posterior()).hasDimensions(24, 3);
        for (int n = 0; n < 24; n++) {
            double[] row = made.posterior()[n];
            assertThat(Arrays.stream(row).sum()).isEqualTo(1, within(1e-9));
            double entropy =
                    Arrays.stream(row).map(p -> p > 0 ? -p * Math.log(p) : 0).sum();
            assertThat(made.entropy()[n]).isEqualTo(entropy, within(1e-9));
        }
        // Soft labels and votes are not the same.
        assertThat(Arrays.deepEquals(made.posterior(), made.mean())).isFalse();
        assertThat(results.tasks().get(0).unsure().get(0).uncertainty())
                .isEqualTo(Arrays.stream(made.entropy()).max().orElseThrow());
        Results.Judged judged = results.tasks().get(0).judged().get(0);
        assertThat(judged.on()).isEqualTo("gold");
        // data.gold 24, of which the weak models learn from 16.
        assertThat(judged.items()).isEqualTo(8);
        assertThat(judged.models()).containsExactly("small", "wide");
        assertThat(judged.quality()).allSatisfy(each -> assertThat(each * (8 + 3) - 1)
                .isCloseTo(Math.rint(each * (8 + 3) - 1), within(1e-9)));
    }

    @Test
    void withoutAnAggregatorThePosteriorIsTheMean() throws IOException {
        Results results = classes("scenario.students=[naive, aggregate]");
        ClassAggregate made = aggregate(ClassAggregate.class);
        assertThat(made.posterior()).isDeepEqualTo(made.mean());
        assertThat(made.judged()).isNull();
        assertThat(results.tasks().get(0).judged()).isEmpty();
        assertThat(figure(results, "aggregate")).isEqualTo(figure(results, "naive"));
    }

    private static double figure(Results results, String model) {
        return results.figures().stream()
                .filter(each -> each.model().equals(model) && each.metric().equals("brier"))
                .findFirst()
                .orElseThrow()
                .value();
    }

    @ParameterizedTest
    @ValueSource(strings = {"majority", "ibcc", "wawa"})
    void anAggregatorChoosesAmongTheTextsOfAnItem(String aggregator) throws IOException {
        Results results = texts(
                "slots.aggregator=" + aggregator,
                "slots.judge=devel",
                "slots.students=[aggregate, {teach: best, weigh: entropy}]",
                "slots.entropy={temperature: 0.5}");
        TextAggregate made = aggregate(TextAggregate.class);
        for (int n = 0; n < 24; n++) {
            assertThat(made.confidence()[n]).isBetween(0.5, 1.0);
        }
        assertThat(results.tasks().get(0).unsure())
                .allSatisfy(each -> assertThat(each.votes()).contains(each.aggregate()));
        Results.Judged judged = results.tasks().get(0).judged().get(0);
        assertThat(judged.on()).isEqualTo("devel");
        assertThat(judged.items()).isEqualTo(10);
        assertThat(judged.quality()).allSatisfy(each -> assertThat(each).isBetween(0.0, 1.0));
    }

    /** All alike, by gold, by sureness, and as told, in one run each. */
    @Test
    void naiveAndBayesianTakeWeightsOfTheWeakModels() {
        Results even = weighted("mean");
        assertThat(even.tasks().get(0).judged().get(0).quality()).doesNotHaveDuplicates();
        for (String weights : List.of("log-odds", "dynamic", "{by: fixed, shares: [0.9, 0.1]}")) {
            Results other = weighted(weights);
            for (String model : List.of("naive", "bayesian")) {
                assertThat(figure(other, model)).as(model + " " + weights).isNotEqualTo(figure(even, model));
            }
        }
    }

    /** In one folder: the weak models are taught once. */
    private Results weighted(String weights) {
        return Tiny.load(
                        "seeds=[1]",
                        "slots=null",
                        "weak.slots=null",
                        SHORT,
                        "scenario.students=[naive, bayesian]",
                        "scenario.judge=devel",
                        "scenario.naive={weights: " + weights + "}",
                        "scenario.bayesian.weights=" + weights)
                .run(folder.resolve("weighted"), true, ProgressListener.SILENT);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{weights: accuracy-power}",
                "{weights: dynamic}",
                "{weights: {by: fixed, shares: [1, 0]}}",
                "{turns: false}"
            })
    void textsTakeWeightsOfTheWeakModels(String naive) {
        Results even = texts("slots.students=[naive]", "slots.judge=devel");
        Results weighted = Tiny.load(
                        "seeds=[0]",
                        "scenario=null",
                        "weak.scenario=null",
                        "slots.dpo=null",
                        "slots.train.epochs=2",
                        "slots.students=[naive]",
                        "slots.judge=devel",
                        "slots.naive=" + naive)
                .run(folder.resolve("out"), true, ProgressListener.SILENT);
        assertThat(loss(weighted)).isFinite().isNotEqualTo(loss(even));
    }

    /** Of the last point of the student's curve. */
    private static double loss(Results results) {
        List<Results.Point> points = results.tasks().get(0).curves().stream()
                .filter(curve -> curve.model().equals("naive"))
                .findFirst()
                .orElseThrow()
                .points();
        return points.get(points.size() - 1).loss();
    }

    @Test
    void aProbeOnHiddenStatesWeighsItems() throws IOException {
        Results results = classes("scenario.students=[{teach: best, weigh: probe}, best]", "scenario.judge=gold");
        assertThat(models(results)).containsExactly("small", "wide", "best-probe", "best", "ceiling");
        assertThat(right()).hasSize(2).allSatisfy(each -> assertThat(each.probabilities())
                .hasSize(24)
                .satisfies(all -> assertThat(Arrays.stream(all).allMatch(p -> p >= 0 && p <= 1))
                        .isTrue()));
        assertThat(figure(results, "best-probe")).isNotEqualTo(figure(results, "best"));
    }

    @Test
    void aProbeReadsTextsToo() throws IOException {
        Results results = texts("slots.students=[{teach: naive, weigh: probe}]", "slots.judge=devel");
        assertThat(models(results)).contains("naive-probe");
        assertThat(right()).hasSize(2);
    }

    private List<StageFiles.Right> right() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            List<StageFiles.Right> all = new ArrayList<>();
            for (Path file :
                    files.filter(each -> each.endsWith(StageFiles.RIGHT)).toList()) {
                all.add(StageFiles.read(file.getParent(), StageFiles.RIGHT, StageFiles.Right.class));
            }
            return all;
        }
    }

    @Test
    void votesFilterAndWeighItems() {
        Results results = classes(
                "scenario.students=[naive, {teach: naive, weigh: entropy-filter}, {teach: naive, weigh: reweighting}]",
                "scenario.reweighting={temperature: 1}",
                "scenario.entropy-filter={threshold: 0.1}");
        assertThat(models(results)).contains("naive-entropy-filter", "naive-reweighting");
        assertThat(figure(results, "naive-entropy-filter")).isNotEqualTo(figure(results, "naive"));
        assertThat(figure(results, "naive-reweighting")).isNotEqualTo(figure(results, "naive"));
    }

    @Test
    void whatDoesNotFitIsRefusedBeforeAnyWork() {
        refused(
                "scenario.aggregator: there is no aggregator called 'ibc'; there are majority, weighted-majority, wawa,",
                "scenario.aggregator=ibc");
        refused(
                "scenario.aggregator: ibcc has no setting 'diag'; it has ",
                "scenario.aggregator={method: ibcc, settings: [diag=2]}");
        refused(
                "scenario.aggregator.settings: expected name=value each, got soft",
                "scenario.aggregator={method: ibcc, settings: [soft]}");
        refused(
                "scenario.aggregator.settings: expected nothing without a method, got soft=true",
                "scenario.aggregator={settings: [soft=true]}");
        refused(
                "scenario.judge: expected gold or devel, because gold-confusions learns from judged items alone, got none",
                "scenario.aggregator=gold-confusions");
        refused(
                "slots.judge: expected 'devel' or 'none', or data.gold above weak.slots.gold (24), because",
                "slots.judge=gold");
        refused("scenario.judge: expected one of devel, gold, none, got \"test\"", "scenario.judge=test");
        refused(
                "scenario.judge: expected gold or devel, because students are weighed by probe, which learns from judged answers, got none",
                "scenario.students=[{teach: best, weigh: probe}]");
        refused(
                "scenario.naive.weights.shares: expected 2 numbers, one a weak model, got [0.2, 0.3, 0.5]",
                "scenario.naive={weights: {by: fixed, shares: [0.2, 0.3, 0.5]}}");
        refused(
                "slots.naive.weights.shares: expected numbers of at least 0 that sum to 1, got [0.2, 0.3], which sum to 0.5",
                "slots.naive={weights: {by: fixed, shares: [0.2, 0.3]}}");
        refused(
                "scenario.bayesian.weights.shares: expected 2 numbers, one a weak model, because weights.by is fixed, got nothing",
                "scenario.bayesian.weights=fixed");
        refused(
                "scenario.bayesian.weights.by: expected one of accuracy-power, dynamic, fixed, log-odds, mean, paper, got \"luck\"",
                "scenario.bayesian.weights=luck");
        refused(
                "scenario.bayesian.weights.by: expected items to judge the weak models on, because it is log-odds, got judge none",
                "scenario.bayesian.weights=log-odds");
        refused(
                "slots.naive.weights.by: expected a task of classes for log-odds, got one of texts; choose accuracy-power",
                "slots.judge=devel",
                "slots.naive={weights: log-odds}");
        refused(
                "scenario.naive.weights.by: expected 3 or 5 weak models for the authors' fixed weights, got 2",
                "scenario.naive={weights: paper}");
        refused("scenario.naive.turns: expected a task of texts for 'turns: false'", "scenario.naive={turns: false}");
        refused(
                "scenario.bayesian.weights: expected nothing beside 'labels: posterior', which is one label, got dynamic",
                "scenario.bayesian.labels=posterior",
                "scenario.bayesian.weights=dynamic");
        refused("scenario.entropy.temperature: expected ", "scenario.entropy={temperature: 0}");
        refused(
                "scenario.entropy-filter.threshold: expected nothing beside 'percentile'",
                "scenario.entropy-filter={percentile: 50, threshold: 1}");
    }

    private static void refused(String problem, String... overrides) {
        assertThatThrownBy(() -> Tiny.load(overrides))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(Tiny.YAML + ": ")
                .hasMessageContaining(problem)
                .message()
                .hasLineCount(1);
    }

    @Test
    void anEmptyFilterIsSaid() {
        assertThatThrownBy(() -> classes(
                        "scenario.students=[{teach: naive, weigh: entropy-filter}]",
                        "scenario.aggregator=dawid-skene",
                        "scenario.entropy-filter={threshold: 0, of: posterior}"))
                .hasMessageContaining(
                        "scenario.entropy-filter: no item has an entropy of at most 0.0; raise its threshold");
    }

    @Test
    void aRunIsTheSameTwice() {
        String[] overrides = {
            "seeds=[0]",
            "slots=null",
            "weak.slots=null",
            SHORT,
            "scenario.aggregator=ibcc",
            "scenario.judge=gold",
            "scenario.students=[{teach: aggregate, weigh: probe}]"
        };
        Experiment experiment = Tiny.load(overrides);
        Results one = experiment.run(folder.resolve("one"), false, ProgressListener.SILENT);
        Results two = experiment.run(folder.resolve("two"), false, ProgressListener.SILENT);
        assertThat(one.figures()).isEqualTo(two.figures());
        Tiny.Listener again = new Tiny.Listener();
        experiment.run(folder.resolve("one"), false, again);
        assertThat(again.finished()).isEmpty();
        assertThat(again.notes()).singleElement().asString().startsWith("nothing to do");
    }
}
