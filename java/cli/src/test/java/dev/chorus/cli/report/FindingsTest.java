package dev.chorus.cli.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chorus.results.Results;
import dev.chorus.results.Results.Interval;
import dev.chorus.results.Results.Model;
import dev.chorus.results.Results.Task;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class FindingsTest {
    @Test
    void overlappingIntervalsAreSaidToOverlap() {
        String text = findings(0.7, student("Naive", 0.35, 0.05, -0.1, 0.2), student("Bayesian", 0.31, 0.1, -0.2, 0.2));
        assertThat(text.replace('\u00a0', ' '))
                .startsWith(
                        "Of the 0.200 accuracy between the mean weak model (0.500) and the ceiling (0.700), \u201cNaive\u201d "
                                + "recovers 0.35 [0.30, 0.40] and \u201cBayesian\u201d 0.31 [0.21, 0.41].")
                .contains("The intervals overlap: this run does not tell the two apart.")
                .contains("no student\u2019s interval lies wholly above zero");
    }

    @Test
    void everyPairThatLiesApartIsNamed() {
        String text = findings(
                0.7,
                student("C", 0.20, 0.03, 0.05, 0.01),
                student("A", 0.41, 0.1, 0.2, 0.1),
                student("B", 0.40, 0.05, 0.2, 0.1));
        assertThat(text)
                .contains("The intervals of \u201cA\u201d and \u201cB\u201d overlap, so which of them leads is open.")
                .contains("The interval of \u201cA\u201d lies above that of \u201cC\u201d.")
                .contains("The interval of \u201cB\u201d lies above that of \u201cC\u201d.")
                .contains("every student\u2019s interval lies above zero");
    }

    @Test
    void aLossIsReportedAsANegativeShare() {
        assertThat(findings(0.7, student("A", -0.25, 0.1, -0.5, 0.1))).contains("\u201cA\u201d recovers \u22120.25");
    }

    @Test
    void withoutAGapNothingIsRecovered() {
        assertThat(findings(0.49, student("A", 0.3, 0.1, 0.3, 0.1))).startsWith("There is no gap to recover");
    }

    private static Model student(String title, double mean, double half, double best, double bestHalf) {
        return new Model(
                title,
                title,
                "student",
                1,
                Map.of("pgr_mean", around(mean, half), "pgr_best", around(best, bestHalf)),
                List.of());
    }

    private static Interval around(double mean, double half) {
        return new Interval(mean, mean - half, mean + half, 5);
    }

    private static String findings(double ceiling, Model... students) {
        Model weak = new Model("w", "Weak", "weak", 1, Map.of("accuracy", around(0.5, 0.1)), List.of());
        Model top = new Model("c", "Ceiling", "ceiling", 1, Map.of("accuracy", around(ceiling, 0.1)), List.of());
        List<Model> models = Stream.of(Stream.of(weak), Stream.of(students), Stream.of(top))
                .flatMap(s -> s)
                .toList();
        Results results = SampleResults.of(5);
        return Findings.of(new TaskView(results, new Task("t", "T", "accuracy", models, List.of(), List.of())));
    }
}
