package dev.chorus.experiment;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.config.ConfigException;
import dev.chorus.config.ConfigReader;
import dev.chorus.data.Item;
import dev.chorus.files.WholeFile;
import dev.chorus.results.MachineFacts;
import dev.chorus.results.Results;
import dev.chorus.stage.BuildFingerprint;
import dev.chorus.stage.Hashes;
import dev.chorus.stage.ProgressListener;
import dev.chorus.stage.ProgressListener.StageView;
import dev.chorus.stage.Stage;
import dev.chorus.stage.StageException;
import dev.chorus.stage.StageRunner;
import dev.chorus.stage.StageStore;
import dev.chorus.task.ClassLesson;
import dev.chorus.task.TextLesson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * A whole weak-to-strong run: examples, weak models, labels, aggregate, training set, student, evaluation, results.
 *
 * <pre>{@code
 * Experiment experiment = Experiment.load(Path.of("examples/slurp-quick.yaml"), List.of(), OptionalInt.empty());
 * Results results = experiment.run(Path.of("runs/slurp-quick"), false, ProgressListener.SILENT);
 * }</pre>
 */
public final class Experiment {
    /** File that the results are written to, in the run's folder. */
    public static final String RESULTS = "results.json";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ExperimentConfig config;
    private final Blueprint plan;
    private final List<TaskPlan<?, ?, ?>> tasks = new ArrayList<>();
    private final BuildFingerprint build;
    private final String configHash;
    private final String stagesHash;

    private Experiment(ExperimentConfig config, Catalog catalog, Path file) {
        this.config = config;
        build = BuildFingerprint.current();
        configHash = Hashes.of(ConfigReader.canonical(config));
        Map<String, Roster> rosters = rosters(config, catalog, file);
        Corpus corpus = Corpus.read(config, catalog, file);
        new Room(corpus, config, file.toString()).check();
        plan = new Blueprint(config, catalog, corpus, build.hash());
        corpus.parts().forEach((key, part) -> tasks.add(taskPlan(part, rosters.get(key))));
        for (long seed : config.seeds()) {
            tasks.forEach(task -> task.repeat(seed));
        }
        stagesHash = Hashes.of(plan.stages().stream().map(Stage::hash).toList());
    }

    private static Map<String, Roster> rosters(ExperimentConfig config, Catalog catalog, Path file) {
        if (config.tasks().isEmpty()) {
            throw new ConfigException(file + ": "
                    + String.join(", ", catalog.tasks().names()) + ": expected at least one of the tasks, got none");
        }
        Map<String, Roster> rosters = new LinkedHashMap<>();
        config.tasks()
                .forEach((key, settings) -> rosters.put(
                        key, Roster.of(catalog.tasks().get(key, file.toString()), settings, catalog, file.toString())));
        config.weak()
                .tasks()
                .forEach((key, task) -> Roster.checkTraining(task.train(), catalog, file + ": weak." + key + ".train"));
        if (config.strong().pretrain() != null) {
            Roster.checkTraining(config.strong().pretrain().train(), catalog, file + ": strong.pretrain.train");
        }
        return rosters;
    }

    private <E extends Item> TaskPlan<?, ?, ?> taskPlan(Corpus.Part<E> part, Roster roster) {
        if (part.lesson() instanceof ClassLesson<E> classes) {
            return new TaskPlan<>(plan, part, new ClassKind<>(classes), roster);
        }
        ExperimentConfig.TextTask settings =
                (ExperimentConfig.TextTask) config.tasks().get(part.task().key());
        return new TaskPlan<>(
                plan,
                part,
                new TextKind<>((TextLesson<E>) part.lesson(), settings.beams(), settings.maxTokens()),
                roster);
    }

    /**
     * Reads and checks a configuration and its data; runs nothing.
     *
     * @param overrides "key=value" each, dots between levels
     * @param seeds     number of seeds in place of the configuration's: its first ones, continued by counting up
     * @throws ConfigException              if the configuration cannot be run as it is written; names the key
     * @throws dev.chorus.data.DataException if a data file is missing, malformed or leaks into another; names the line
     */
    public static Experiment load(Path file, List<String> overrides, OptionalInt seeds) {
        return load(file, overrides, seeds, Catalog.STANDARD);
    }

    /** As above, with tasks and methods of the caller's own to choose from. */
    public static Experiment load(Path file, List<String> overrides, OptionalInt seeds, Catalog catalog) {
        ObjectNode tree = ConfigReader.tree(file, overrides);
        ExperimentConfig config = ConfigReader.bind(file, tree, ExperimentConfig.class, catalog.extensions());
        if (seeds.isPresent()) {
            config = withSeeds(config, seeds.getAsInt());
        }
        return new Experiment(config, catalog, file);
    }

    private static ExperimentConfig withSeeds(ExperimentConfig config, int count) {
        if (count < 1 || count > ExperimentConfig.MOST_SEEDS) {
            throw new ConfigException("--seeds: expected 1 to " + ExperimentConfig.MOST_SEEDS + ", got " + count);
        }
        List<Long> seeds = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            seeds.add(i < config.seeds().size() ? config.seeds().get(i) : seeds.get(i - 1) + 1);
        }
        return new ExperimentConfig(
                config.name(), seeds, config.data(), config.weak(), config.strong(), config.tasks());
    }

    /** The configuration's name; results go to runs/NAME unless told otherwise. */
    public String name() {
        return config.name();
    }

    /** Every stage, inputs before those that need them. */
    List<Stage> stages() {
        return plan.stages();
    }

    /**
     * What a run into this folder would do, without doing it; makes every check that the run makes.
     *
     * @return every stage, in an order in which they could run
     * @throws ConfigException as {@link #run}
     */
    public List<StageView> plan(Path out, boolean force) {
        earlier(out.resolve(RESULTS), force);
        if (!Files.isDirectory(out)) {
            return plan.stages().stream()
                    .map(stage -> new StageView(stage.id(), stage.kind(), stage.work(), false))
                    .toList();
        }
        try (StageStore store = StageStore.toRead(out)) {
            return new StageRunner(store, ProgressListener.SILENT, 1)
                    .plan(plan.stages())
                    .views();
        } catch (IOException e) {
            throw new StageException(out + ": cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * Runs what is missing and writes {@code results.json}.
     *
     * <p>Where every stage is there already, the results are put together anew and compared with those in the folder, which are
     * left as they are if they are the same.
     *
     * @param force replace the results of another configuration, other data or another build
     * @throws ConfigException if the folder holds other results and {@code force} is not set
     * @throws StageException  if a stage fails or the disk is full; finished stages are kept
     */
    public Results run(Path out, boolean force, ProgressListener listener) {
        return run(out, force, listener, Runtime.getRuntime().availableProcessors());
    }

    /** With a number of workers; no figure depends on it. */
    Results run(Path out, boolean force, ProgressListener listener, int workers) {
        long begin = System.nanoTime();
        String started = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        Path resultsFile = out.resolve(RESULTS);
        Results earlier = earlier(resultsFile, force);
        try {
            Files.createDirectories(out);
        } catch (IOException e) {
            throw new StageException(out + ": cannot be made: " + e.getMessage() + "; choose another --out", e);
        }
        try (StageStore store = new StageStore(out)) {
            StageRunner runner = new StageRunner(store, listener, workers);
            StageRunner.Plan toDo = runner.plan(plan.stages());
            if (earlier != null && toDo.toRun().isEmpty()) {
                return again(store, resultsFile, earlier, listener);
            }
            listener.planned(toDo.views());
            runner.run(plan.stages(), toDo);
            RunFacts run = new RunFacts(
                    configHash,
                    build.commit(),
                    build.hash(),
                    stagesHash,
                    started,
                    (System.nanoTime() - begin) / 1e9,
                    toDo.toRun().size(),
                    plan.stages().size() - toDo.toRun().size(),
                    MachineFacts.peakResidentBytes(),
                    MachineFacts.describe(workers));
            Results results = new ResultsBuilder(plan, store, run).build(tasks);
            write(resultsFile, results);
            return results;
        } catch (IOException e) {
            throw new StageException(
                    out + ": " + e.getMessage() + "; finished stages are kept, the same command goes on from here", e);
        }
    }

    /** The results of stages that are all there: what the file says is not believed, but compared. */
    private Results again(StageStore store, Path file, Results earlier, ProgressListener listener) throws IOException {
        Results results = new ResultsBuilder(plan, store, RunFacts.of(earlier)).build(tasks);
        if (JSON.readTree(JSON.writeValueAsBytes(results)).equals(JSON.readTree(file.toFile()))) {
            listener.note("nothing to do: " + file + " holds the results of this configuration and build");
        } else {
            listener.note(file + " did not say what the stages say; it is written again from them");
            write(file, results);
        }
        return results;
    }

    /**
     * The results that a folder holds.
     *
     * @return null if there are none, or none that may stay
     */
    private Results earlier(Path resultsFile, boolean force) {
        if (!Files.exists(resultsFile)) {
            return null;
        }
        Results found;
        try {
            found = JSON.readValue(resultsFile.toFile(), Results.class);
            if (found == null || found.configHash() == null || found.build() == null || found.machine() == null) {
                throw new IOException("no config_hash, build or machine");
            }
        } catch (IOException e) {
            if (force) {
                return null;
            }
            throw new ConfigException(
                    resultsFile + ": not readable as results ("
                            + e.getMessage().lines().findFirst().orElse("")
                            + "); --force replaces it, --out DIR leaves it",
                    e);
        }
        if (stagesHash.equals(found.stages()) && found.configHash().equals(configHash)) {
            return found;
        }
        if (!force) {
            String what = !found.configHash().equals(configHash)
                    ? "another configuration"
                    : !found.build().equals(build.hash())
                            ? "another build of the engine"
                            : "other data or model folders";
            throw new ConfigException(resultsFile + ": holds the results of " + what + " (" + found.started()
                    + "); --force replaces them, --out DIR leaves them");
        }
        return null;
    }

    private static void write(Path file, Results results) throws IOException {
        WholeFile.write(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(results), true);
    }
}
