package dev.chorus.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.chorus.config.ConfigException;
import dev.chorus.config.ConfigReader;
import dev.chorus.data.DataException;
import dev.chorus.results.Results;
import dev.chorus.results.Results.Figure;
import dev.chorus.stage.ProgressListener;
import dev.chorus.stage.ProgressListener.StageView;
import dev.chorus.stage.StageException;
import dev.chorus.stage.StageStore;
import dev.chorus.task.ClassLesson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole main job at the size of a toy. The undisturbed run is made once; every other one is compared with it. */
class ExperimentTest {
    private static final Set<String> SCENARIO_MODELS = Set.of("small", "wide", "best", "naive", "bayesian", "ceiling");
    private static final Set<String> SLOT_MODELS = Set.of("small", "wide", "best", "naive", "naive-dpo", "ceiling");

    @TempDir
    private static Path shared;

    @TempDir
    private Path folder;

    private static final Tiny.Listener FIRST = new Tiny.Listener();
    private static Results undisturbed;
    private static Path undisturbedFolder;

    @BeforeAll
    static void runOnce() {
        undisturbedFolder = shared.resolve("undisturbed");
        undisturbed = Tiny.load().run(undisturbedFolder, false, FIRST);
    }

    @Test
    void everyModelHasItsFiguresForEverySeed() {
        assertThat(undisturbed.tasks()).extracting(Results.Task::task).containsExactly("scenario", "slots");
        assertFigures("scenario", SCENARIO_MODELS, Set.of("accuracy", "ece", "brier"));
        assertFigures("slots", SLOT_MODELS, Set.of("slu_f1", "precision", "recall", "word_f1", "char_f1", "exact_f1"));
        assertThat(undisturbed.figures()).allSatisfy(figure -> {
            assertThat(figure.configHash()).isEqualTo(undisturbed.configHash()).hasSize(64);
            assertThat(figure.commit()).isEqualTo(undisturbed.commit());
        });
    }

    private static void assertFigures(String task, Set<String> models, Set<String> metrics) {
        Results.Task summary = undisturbed.tasks().stream()
                .filter(each -> each.task().equals(task))
                .findFirst()
                .orElseThrow();
        assertThat(summary.models()).extracting(Results.Model::id).containsExactlyInAnyOrderElementsOf(models);
        assertThat(summary.models())
                .extracting(Results.Model::role)
                .startsWith("weak", "weak")
                .endsWith("ceiling");
        for (String model : models) {
            Set<String> expected = new HashSet<>(metrics);
            boolean student = !Set.of("small", "wide", "ceiling").contains(model);
            if (student) {
                expected.addAll(Set.of("pgr_mean", "pgr_best"));
            }
            for (long seed : List.of(0L, 1L)) {
                assertThat(undisturbed.figures().stream()
                                .filter(figure -> figure.task().equals(task)
                                        && figure.model().equals(model)
                                        && figure.seed() == seed))
                        .as("%s %s seed %d", task, model, seed)
                        .extracting(Figure::metric)
                        .containsExactlyInAnyOrderElementsOf(expected);
            }
        }
        assertThat(undisturbed.figures().stream()
                        .filter(figure -> figure.task().equals(task)
                                && metrics.contains(figure.metric())
                                && !figure.metric().equals("brier")))
                .allSatisfy(figure -> assertThat(figure.value()).isBetween(0.0, 1.0));
        for (Results.Model model : summary.models()) {
            assertThat(model.metrics().get(summary.metric()).n()).isEqualTo(2);
            assertThat(model.parameters()).isPositive();
        }
        // The base, and every model of both seeds.
        assertThat(summary.curves()).hasSize(1 + 2 * models.size()).allSatisfy(curve -> assertThat(curve.points())
                .isNotEmpty()
                .allSatisfy(point -> assertThat(point.loss()).isFinite()));
    }

    @Test
    void theModelsLearnSomething() {
        // Three classes; the largest has six of sixteen test sentences. Untrained models stay near a third, and write
        // no slot.
        assertThat(mean("scenario", "ceiling", "accuracy")).isGreaterThan(0.6);
        assertThat(mean("slots", "ceiling", "slu_f1")).isGreaterThan(0.2);
    }

    @Test
    void theLeastSureLabelsAreSentencesOfTheWeakSplit() {
        Experiment experiment = Tiny.load();
        assertThat(experiment.name()).isEqualTo("tiny");
        for (Results.Task task : undisturbed.tasks()) {
            assertThat(task.unsure()).hasSize(20).allSatisfy(unsure -> {
                assertThat(unsure.text()).isNotBlank();
                assertThat(unsure.votes()).hasSize(2);
                assertThat(unsure.gold()).isNotBlank();
                assertThat(unsure.uncertainty()).isNotNegative();
            });
            assertThat(task.unsure().stream().map(Results.Unsure::text).distinct())
                    .hasSize(20);
            assertThat(task.unsure()).isSortedAccordingTo((a, b) -> Double.compare(b.uncertainty(), a.uncertainty()));
        }
        assertThat(undisturbed.data())
                .containsEntry("gold", 24)
                .containsEntry("weak", 24)
                .containsEntry("devel", 10)
                .containsEntry("test", 16)
                .containsEntry("unlabelled", 32);
    }

    @Test
    void everyStageIsAnnouncedAndFinishedOnce() {
        assertThat(FIRST.planned()).noneMatch(StageView::reused);
        assertThat(FIRST.finished())
                .doesNotHaveDuplicates()
                .containsExactlyInAnyOrderElementsOf(
                        FIRST.planned().stream().map(StageView::id).toList());
        assertThat(undisturbed.stagesRun()).isEqualTo(FIRST.planned().size());
        assertThat(undisturbed.stagesReused()).isZero();
        // Each seed: weak 4, label 4, evaluate 12, aggregate 2, student 8, prefer 1; one base for both seeds.
        assertThat(FIRST.planned()).hasSize(2 * 31 + 1);
    }

    @Test
    void resultsAreReadAsTheyWereWritten() throws IOException {
        Results read = new com.fasterxml.jackson.databind.ObjectMapper()
                .readValue(undisturbedFolder.resolve(Experiment.RESULTS).toFile(), Results.class);
        assertThat(read)
                .usingRecursiveComparison()
                .withEqualsForType(Double::equals, Double.class)
                .withEqualsForType(Double::equals, double.class)
                .ignoringFields("config")
                .isEqualTo(undisturbed);
        assertThat(undisturbedFolder).isDirectoryNotContaining("glob:**.unfinished");
    }

    @Test
    void aSecondRunDoesNothingAndSaysSo() throws IOException {
        byte[] before = Files.readAllBytes(undisturbedFolder.resolve(Experiment.RESULTS));
        Tiny.Listener listener = new Tiny.Listener();

        Results again = Tiny.load().run(undisturbedFolder, false, listener);

        assertThat(figures(again)).isEqualTo(figures(undisturbed));
        assertThat(listener.finished()).isEmpty();
        assertThat(listener.notes()).singleElement().asString().startsWith("nothing to do: ");
        assertThat(undisturbedFolder.resolve(Experiment.RESULTS)).hasBinaryContent(before);
    }

    @Test
    void withoutItsResultsARunReusesEveryStageAndSaysSo() throws IOException {
        Path copy = copyOfUndisturbed();
        Files.delete(copy.resolve(Experiment.RESULTS));
        Tiny.Listener listener = new Tiny.Listener();

        Results again = Tiny.load().run(copy, false, listener);

        assertThat(listener.planned()).hasSize(63).allMatch(StageView::reused);
        assertThat(again.stagesRun()).isZero();
        assertThat(again.stagesReused()).isEqualTo(63);
        assertThat(figures(again)).isEqualTo(figures(undisturbed));
    }

    @Test
    void aDamagedStageIsComputedAgainToTheSameBits() throws IOException {
        Path copy = copyOfUndisturbed();
        Files.delete(copy.resolve(Experiment.RESULTS));
        Path weights = only(copy, "weak", "scenario-small-seed-0").resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 3] ^= 1;
        Files.write(weights, bytes);
        Tiny.Listener listener = new Tiny.Listener();

        Results again = Tiny.load().run(copy, false, listener);

        assertThat(listener.notes()).singleElement().asString().contains("weak/scenario/small/seed-0 is damaged");
        assertThat(listener.finished()).containsExactly("weak/scenario/small/seed-0");
        assertThat(figures(again)).isEqualTo(figures(undisturbed));
        bytes[bytes.length - 3] ^= 1;
        assertThat(weights).hasBinaryContent(bytes);
    }

    @Test
    void neitherTheFolderNorTheNumberOfWorkersChangesABit() throws IOException {
        assertSameWith(Runtime.getRuntime().availableProcessors() == 1 ? 2 : 1, folder);
    }

    private static void assertSameWith(int workers, Path out) throws IOException {
        Results results = Tiny.load().run(out, false, ProgressListener.SILENT, workers);
        assertThat(figures(results)).isEqualTo(figures(undisturbed));
        // Not the figures alone: every weight and every label.
        assertThat(manifests(out)).hasSize(63).isEqualTo(manifests(undisturbedFolder));
    }

    /** The hashes of every file of every stage. */
    private static Map<String, String> manifests(Path out) throws IOException {
        Map<String, String> manifests = new TreeMap<>();
        try (Stream<Path> walk = Files.walk(out.resolve("stages"))) {
            for (Path file : walk.filter(path -> path.endsWith("manifest.json")).toList()) {
                manifests.put(out.relativize(file).toString(), Files.readString(file));
            }
        }
        return manifests;
    }

    @Test
    void anotherConfigurationInTheFolderIsRefusedAndReplacedWithForce() throws IOException {
        Path copy = copyOfUndisturbed();
        byte[] before = Files.readAllBytes(copy.resolve(Experiment.RESULTS));
        Experiment other = Tiny.load("scenario.train.epochs=3");

        assertThatThrownBy(() -> other.run(copy, false, ProgressListener.SILENT))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(
                        copy.resolve(Experiment.RESULTS) + ": holds the results of another configuration")
                .hasMessageContaining("--force")
                .message()
                .hasLineCount(1);
        assertThat(copy.resolve(Experiment.RESULTS)).hasBinaryContent(before);

        Tiny.Listener listener = new Tiny.Listener();
        Results replaced = other.run(copy, true, listener);

        // Changed are the four models that this setting trains, and their evaluations; all else is reused.
        assertThat(listener.finished())
                .hasSize(2 * 2 * 4)
                .allMatch(id -> id.matches("(student|evaluate)/scenario/(best|naive|bayesian|ceiling)/seed-[01]"));
        assertThat(replaced.configHash()).isNotEqualTo(undisturbed.configHash());
        assertThat(slots(replaced)).isEqualTo(slots(undisturbed));
        assertThat(figures(Tiny.load("scenario.train.epochs=3").run(copy, false, ProgressListener.SILENT)))
                .isEqualTo(figures(replaced));
    }

    @Test
    void oneStudentsSettingRunsOnlyWhatDependsOnIt() throws IOException {
        Path copy = copyOfUndisturbed();
        Tiny.Listener listener = new Tiny.Listener();

        Tiny.load("scenario.bayesian.kl_weight=0.5").run(copy, true, listener);

        assertThat(listener.finished())
                .containsExactlyInAnyOrder(
                        "student/scenario/bayesian/seed-0",
                        "student/scenario/bayesian/seed-1",
                        "evaluate/scenario/bayesian/seed-0",
                        "evaluate/scenario/bayesian/seed-1");
    }

    @Test
    void moreSeedsKeepTheStagesAndFiguresOfTheFirst() throws IOException {
        Path copy = copyOfUndisturbed();
        Tiny.Listener listener = new Tiny.Listener();

        Results three = Experiment.load(Tiny.YAML, List.of(), OptionalInt.of(3)).run(copy, true, listener);

        assertThat(three.seeds()).containsExactly(0L, 1L, 2L);
        assertThat(listener.finished()).hasSize(31).allMatch(id -> id.endsWith("/seed-2"));
        Map<String, Double> firstTwo = new TreeMap<>(figures(three));
        firstTwo.keySet().removeIf(key -> key.endsWith(" 2"));
        assertThat(firstTwo).isEqualTo(figures(undisturbed));
    }

    @Test
    void fewerSeedsAreTheFirstOnes() {
        assertThat(Experiment.load(Tiny.YAML, List.of(), OptionalInt.of(1)).plan(folder.resolve("none"), false))
                .hasSize(32)
                .noneMatch(stage -> stage.id().endsWith("seed-1"));
        assertThatThrownBy(() -> Experiment.load(Tiny.YAML, List.of(), OptionalInt.of(0)))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("--seeds: expected 1 to 1000, got 0");
    }

    @Test
    void aKilledRunGoesOnToTheSameBits() throws Exception {
        Path out = folder.resolve("killed");
        Process process = Child.start(folder.resolve("log"), List.of(), Runner.class, out.toString());
        int finished = 0;
        while (finished < 10 && process.isAlive()) {
            Thread.sleep(2);
            finished = finishedStages(out);
        }
        process.destroyForcibly();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue())
                .as(Files.readString(folder.resolve("log")))
                .isEqualTo(128 + 9);
        assertThat(out.resolve(Experiment.RESULTS)).doesNotExist();
        Tiny.Listener listener = new Tiny.Listener();

        Results resumed = Tiny.load().run(out, false, listener);

        assertThat(resumed.stagesReused()).isGreaterThanOrEqualTo(10);
        assertThat(resumed.stagesRun()).isPositive();
        assertThat(listener.notes()).isEmpty();
        assertThat(figures(resumed)).isEqualTo(figures(undisturbed));
        assertThat(manifests(out)).isEqualTo(manifests(undisturbedFolder));
        try (Stream<Path> walk = Files.walk(out)) {
            assertThat(walk).noneMatch(path -> path.getFileName().toString().contains("unfinished"));
        }
    }

    /** Runs the tiny configuration into a folder, to be killed. */
    static final class Runner {
        private Runner() {}

        public static void main(String[] args) {
            Tiny.run(Path.of(args[0]));
        }
    }

    @Test
    void aPlanWritesNothing() throws IOException {
        Path none = folder.resolve("none");
        assertThat(Tiny.load().plan(none, false)).hasSize(63).noneMatch(StageView::reused);
        assertThat(none).doesNotExist();

        Path empty = Files.createDirectories(folder.resolve("empty"));
        assertThat(Tiny.load().plan(empty, false)).hasSize(63).noneMatch(StageView::reused);
        assertThat(empty).isEmptyDirectory();

        assertThat(Tiny.load().plan(undisturbedFolder, false)).hasSize(63).allMatch(StageView::reused);
        assertThat(Tiny.load("slots.train.epochs=3").plan(undisturbedFolder, true).stream()
                        .filter(stage -> !stage.reused()))
                .hasSize(2 * (4 + 1 + 4));
    }

    @Test
    void aPlanLeavesARunInProgressAlone() throws IOException {
        try (StageStore store = new StageStore(folder)) {
            Path half = store.begin(new Counting().stage("one"));
            assertThat(Tiny.load().plan(folder, false)).hasSize(63);
            assertThat(half).isDirectory();
        }
    }

    @Test
    void resultsThatAreNoneAreNotOverwrittenWithoutForce() throws IOException {
        for (String text : List.of("", "{", "{}", "null", "[]", "notes of mine")) {
            Path file = Files.writeString(folder.resolve(Experiment.RESULTS), text);
            assertThatThrownBy(() -> Tiny.run(folder))
                    .as(text)
                    .isInstanceOf(ConfigException.class)
                    .hasMessageStartingWith(file + ": ")
                    .hasMessageContaining("--force")
                    .message()
                    .hasLineCount(1);
            assertThat(file).hasContent(text);
        }
    }

    @Test
    void aPlaceThatIsNoFolderIsNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "mine");
        assertThatThrownBy(() -> Tiny.run(file))
                .isInstanceOf(StageException.class)
                .hasMessageStartingWith(file + ": cannot be made")
                .hasMessageContaining("--out");
        assertThat(file).hasContent("mine");
    }

    @Test
    void resultsThatCannotBeWrittenLeaveNothingHalfWritten() throws IOException {
        Path copy = copyOfUndisturbed();
        Files.delete(copy.resolve(Experiment.RESULTS));
        Files.createDirectories(copy.resolve(Experiment.RESULTS).resolve("in the way"));

        assertThatThrownBy(() -> Tiny.load().run(copy, true, ProgressListener.SILENT))
                .isInstanceOf(StageException.class)
                .hasMessageContaining(Experiment.RESULTS)
                .hasMessageContaining("finished stages are kept");
        assertThat(copy.resolve(Experiment.RESULTS + ".unfinished")).doesNotExist();
    }

    @Test
    void aFullDiskIsOneClearMessageAndRoomLetsItGoOn() throws Exception {
        Path disk = Files.createDirectories(folder.resolve("disk"));
        assumeThat(shell("mount -t tmpfs -o size=1m tmpfs " + disk))
                .as("only root can mount a small disk; this test needs one")
                .isZero();
        try {
            Path out = disk.resolve("out");
            assertThatThrownBy(() -> Tiny.run(out))
                    .isInstanceOf(StageException.class)
                    .hasMessageStartingWith("stage ")
                    .hasMessageContaining("No space left on device")
                    .hasMessageContaining(out.toString())
                    .hasMessageEndingWith("finished stages are kept, the same command goes on from here")
                    .message()
                    .hasLineCount(1);
            assertThat(out.resolve(Experiment.RESULTS)).doesNotExist();
            try (Stream<Path> walk = Files.walk(out)) {
                assertThat(walk).noneMatch(path -> path.getFileName().toString().contains("unfinished"));
            }
            assertThat(finishedStages(out)).isPositive();

            assertThat(shell("mount -o remount,size=64m " + disk)).isZero();
            Results resumed = Tiny.run(out);
            assertThat(resumed.stagesReused()).isPositive();
            assertThat(figures(resumed)).isEqualTo(figures(undisturbed));
        } finally {
            assertThat(shell("umount " + disk)).isZero();
        }
    }

    @Test
    void badDataIsRefusedBeforeAnythingIsWritten() throws IOException {
        Path data = Files.createDirectories(folder.resolve("data"));
        try (Stream<Path> files = Files.list(Tiny.YAML.getParent())) {
            for (Path file : files.toList()) {
                Files.copy(file, data.resolve(file.getFileName()));
            }
        }
        Path config = data.resolve("tiny.yaml");
        Path unlabelled = data.resolve("unlabelled.txt");
        String text = Files.readString(unlabelled);

        Files.writeString(unlabelled, text + "Turn the  music up\n");
        assertThatThrownBy(() -> Experiment.load(config, List.of(), OptionalInt.empty()))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith(unlabelled + ":33: ");

        for (String empty : List.of("", "\n \n")) {
            Files.writeString(unlabelled, empty);
            assertThatThrownBy(() -> Experiment.load(config, List.of(), OptionalInt.empty()))
                    .isInstanceOf(DataException.class)
                    .hasMessageStartingWith(unlabelled + ": ");
        }

        Files.writeString(unlabelled, text);
        Path devel = data.resolve("devel.jsonl");
        Files.writeString(devel, Files.readString(devel).replace("\"sentence\"", "\"text\""));
        assertThatThrownBy(() -> Experiment.load(config, List.of(), OptionalInt.empty()))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith(devel + ":1: 'sentence': expected text");
        assertThatThrownBy(() -> Experiment.load(config, List.of("data.devel=none.jsonl"), OptionalInt.empty()))
                .isInstanceOf(DataException.class)
                .hasMessage(data.resolve("none.jsonl") + ": no such file");
    }

    @Test
    void classesDoNotDependOnWhichSeedsRun() throws IOException {
        // One sentence of a class of its own: some seeds draw it as gold, others leave it aside.
        Path data = Files.createDirectories(folder.resolve("data"));
        try (Stream<Path> files = Files.list(Tiny.YAML.getParent())) {
            for (Path file : files.toList()) {
                Files.copy(file, data.resolve(file.getFileName()));
            }
        }
        Path pool = data.resolve("pool.jsonl");
        Files.writeString(
                pool,
                Files.readString(pool)
                        + "{\"id\": 900, \"sentence\": \"order a pizza\", \"scenario\": \"takeaway\", \"entities\": []}\n");
        Set<List<String>> classes = new HashSet<>();
        for (int seed = 0; seed < 12; seed++) {
            ExperimentConfig config = ConfigReader.bind(
                    data.resolve("tiny.yaml"),
                    ConfigReader.tree(data.resolve("tiny.yaml"), List.of("seeds=[" + seed + "]", "data.weak=1")),
                    ExperimentConfig.class,
                    Catalog.STANDARD.extensions());
            classes.add(((ClassLesson<?>) Corpus.read(config, Catalog.STANDARD, data.resolve("tiny.yaml"))
                            .parts()
                            .get("scenario")
                            .lesson())
                    .classes());
        }
        assertThat(classes).hasSize(1);
    }

    private static Map<String, Double> figures(Results results) {
        return results.figures().stream()
                .collect(Collectors.toMap(
                        figure -> figure.task() + " " + figure.model() + " " + figure.metric() + " " + figure.seed(),
                        Figure::value,
                        (a, b) -> {
                            throw new AssertionError("a figure twice");
                        },
                        TreeMap::new));
    }

    private static Map<String, Double> slots(Results results) {
        Map<String, Double> slots = figures(results);
        slots.keySet().removeIf(key -> !key.startsWith("slots "));
        return slots;
    }

    private static double mean(String task, String model, String metric) {
        Map<String, Double> figures = figures(undisturbed);
        String key = task + " " + model + " " + metric;
        return (figures.get(key + " 0") + figures.get(key + " 1")) / 2;
    }

    private Path copyOfUndisturbed() throws IOException {
        Path copy = folder.resolve("copy");
        try (Stream<Path> walk = Files.walk(undisturbedFolder)) {
            for (Path path : walk.toList()) {
                Files.copy(path, copy.resolve(undisturbedFolder.relativize(path).toString()));
            }
        }
        return copy;
    }

    private static Path only(Path out, String kind, String name) throws IOException {
        try (Stream<Path> list = Files.list(out.resolve("stages").resolve(kind))) {
            List<Path> found = list.filter(path -> path.getFileName().toString().startsWith(name))
                    .toList();
            assertThat(found).hasSize(1);
            return found.get(0);
        }
    }

    private static int finishedStages(Path out) throws IOException {
        Path stages = out.resolve("stages");
        if (!Files.isDirectory(stages)) {
            return 0;
        }
        int finished = 0;
        try (Stream<Path> kinds = Files.list(stages)) {
            for (Path kind : kinds.filter(Files::isDirectory).toList()) {
                try (Stream<Path> list = Files.list(kind)) {
                    finished += (int)
                            list.filter(path -> !path.getFileName().toString().startsWith("."))
                                    .count();
                }
            }
        }
        return finished;
    }

    private static int shell(String command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("sh", "-c", command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return process.waitFor(20, TimeUnit.SECONDS) ? process.exitValue() : -1;
    }
}
