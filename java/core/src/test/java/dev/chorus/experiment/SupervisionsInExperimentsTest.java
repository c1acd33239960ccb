package dev.chorus.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chorus.config.ConfigException;
import dev.chorus.results.Results;
import dev.chorus.stage.ProgressListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every supervision trains a student in a whole run of a toy's size. */
class SupervisionsInExperimentsTest {
    @TempDir
    private Path folder;

    @Test
    void everySupervisionOfClassesTeaches() {
        List<String> students = new ArrayList<>(List.of("best", "naive", "bayesian", "aggregate", "joint"));
        students.addAll(List.of(
                "product",
                "logconf",
                "entropy-confidence",
                "window",
                "reverse-kl",
                "dirichlet-prior",
                "label-counts",
                "self-training"));
        List<String> missing = new ArrayList<>(Catalog.STANDARD.supervisions().names());
        missing.removeAll(students);
        assertThat(missing).as("supervisions that this test does not run").containsExactly("buffered-logconf");
        Results results = Tiny.run(
                folder.resolve("out"),
                "seeds=[0]",
                "slots=null",
                "weak.slots=null",
                "scenario.train.epochs=3",
                "scenario.students=" + students,
                "scenario.label-counts={r1: 0.1, r2: 0.5}",
                // From the first step on, and wide enough for three classes.
                "scenario.self-training={warmup: 0}",
                "scenario.logconf={warmup: 0}",
                "scenario.entropy-confidence={warmup_steps: 0}",
                "scenario.window={radius: 0.2}");
        List<Double> losses = new ArrayList<>();
        for (String student : students) {
            List<Results.Point> points = results.tasks().get(0).curves().stream()
                    .filter(curve -> curve.model().equals(student))
                    .findFirst()
                    .orElseThrow()
                    .points();
            double last = points.get(points.size() - 1).loss();
            assertThat(last).as(student).isFinite();
            if (!student.equals("aggregate")) {
                losses.add(last);
            }
        }
        // Without an aggregator its posterior is the mean, which naive teaches; every other one is a loss of its own.
        assertThat(losses).doesNotHaveDuplicates();
    }

    @Test
    void textsAreTaughtJointlyAndByEvidence() throws IOException {
        Results results = Tiny.run(
                folder.resolve("out"),
                "seeds=[0]",
                "scenario=null",
                "weak.scenario=null",
                "slots.dpo=null",
                "slots.train.epochs=3",
                "slots.students=[joint, bayesian]",
                "slots.joint={weights: dynamic}",
                "slots.bayesian={evidence: exp, kl_weight: 1.0e-3, turns: false}");
        assertThat(results.tasks().get(0).models())
                .extracting(Results.Model::id)
                .containsExactly("small", "wide", "joint", "bayesian", "ceiling");
        assertThat(results.tasks().get(0).curves()).allSatisfy(curve -> assertThat(curve.points())
                .allSatisfy(point -> assertThat(point.loss()).isFinite()));
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> scores =
                    files.filter(each -> each.endsWith(StageFiles.SCORES)).toList();
            assertThat(scores).hasSize(2);
            for (Path file : scores) {
                double[][] means = StageFiles.read(file.getParent(), StageFiles.SCORES, StageFiles.Scores.class)
                        .means();
                assertThat(means).hasNumberOfRows(24);
                for (double[] row : means) {
                    // Two weak models of two beams each.
                    assertThat(row).hasSizeBetween(1, 4);
                    for (double mean : row) {
                        assertThat(mean).isFinite().isNegative();
                    }
                }
            }
        }
    }

    /** The pairs are the same; what the training makes of them is not. */
    @Test
    void theWeakModelsConfidenceInAPairCounts() {
        List<Double> losses = new ArrayList<>();
        for (String confidence : List.of("none", "weight", "flip")) {
            Results results = Tiny.load(
                            "seeds=[0]",
                            "scenario=null",
                            "weak.scenario=null",
                            "slots.train.epochs=6",
                            "slots.students=[{teach: best, then: dpo}]",
                            "slots.dpo.confidence=" + confidence,
                            "slots.dpo.temperature=0.5")
                    .run(folder.resolve("out"), true, ProgressListener.SILENT);
            List<Results.Point> points = results.tasks().get(0).curves().stream()
                    .filter(curve -> curve.stage().equals("dpo"))
                    .findFirst()
                    .orElseThrow()
                    .points();
            losses.add(points.get(points.size() - 1).loss());
        }
        assertThat(losses).doesNotHaveDuplicates().allSatisfy(loss -> assertThat(loss)
                .isFinite());
    }

    @Test
    void whatDoesNotFitIsRefusedBeforeAnyWork() {
        refused("buffered-logconf: expected two classes, got 3", "scenario.students=[buffered-logconf]");
        refused("scenario.product.beta: expected ", "scenario.product={beta: -1}");
        refused("scenario.window.radius: expected ", "scenario.window={radius: 0}");
        refused(
                "slots.bayesian.labels: expected each for a task of texts, got posterior",
                "slots.bayesian={evidence: exp, kl_weight: 0, labels: posterior}");
        refused("scenario.bayesian.turns: expected a task of texts", "scenario.bayesian.turns=false");
        refused(
                "slots.joint.weights.by: expected 3 or 5 weak models for the authors' fixed weights, got 2",
                "slots.joint={weights: paper}");
    }

    private static void refused(String problem, String override) {
        assertThatThrownBy(() -> Tiny.load(override))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(problem)
                .message()
                .hasLineCount(1);
    }
}
