package dev.chorus.experiment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.config.ConfigException;
import dev.chorus.config.ConfigReader;
import dev.chorus.files.WholeFile;
import dev.chorus.results.Results;
import dev.chorus.stage.BuildFingerprint;
import dev.chorus.stage.Hashes;
import dev.chorus.stage.ProgressListener.StageView;
import dev.chorus.stage.ProgressListener;
import dev.chorus.stage.Stage;
import dev.chorus.stage.StageException;
import dev.chorus.stage.StageRunner;
import dev.chorus.stage.StageStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
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
    private final List<TaskStages> scenario = new ArrayList<>();
    private final List<TaskStages> slots = new ArrayList<>();
    private final BuildFingerprint build;
    private final String configHash;

    private Experiment(ExperimentConfig config, Path file) {
        this.config = config;
        build = BuildFingerprint.current();
        configHash = Hashes.of(ConfigReader.canonical(config));
        plan = new Blueprint(config, Corpus.read(config, file), build.hash());
        for (long seed : config.seeds()) {
            if (config.scenario() != null) {
                scenario.add(new ScenarioStages(plan).repetition(seed));
            }
            if (config.slots() != null) {
                slots.add(new SlotStages(plan).repetition(seed));
            }
        }
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
        ObjectNode tree = ConfigReader.tree(file, overrides);
        ExperimentConfig config = ConfigReader.bind(file, tree, ExperimentConfig.class);
        if (seeds.isPresent()) {
            config = withSeeds(config, seeds.getAsInt());
        }
        return new Experiment(config, file);
    }

    private static ExperimentConfig withSeeds(ExperimentConfig config, int count) {
        if (count < 1) {
            throw new ConfigException("--seeds: expected 1 or more, got " + count);
        }
        List<Long> seeds = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            seeds.add(i < config.seeds().size() ? config.seeds().get(i) : seeds.get(i - 1) + 1);
        }
        return new ExperimentConfig(
                config.name(), seeds, config.data(), config.weak(), config.strong(), config.scenario(), config.slots());
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
     * What a run into this folder would do, without doing it.
     *
     * @return every stage, in an order in which they could run
     */
    public List<StageView> plan(Path out) {
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
     * <p>A folder that holds the results of this very configuration and build is left as it is, and its results are returned.
     *
     * @param force replace the results of another configuration or build
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
        if (earlier != null) {
            listener.note("nothing to do: " + resultsFile + " holds the results of this configuration and build");
            return earlier;
        }
        try {
            Files.createDirectories(out);
        } catch (IOException e) {
            throw new StageException(out + ": cannot be made: " + e.getMessage() + "; choose another --out", e);
        }
        try (StageStore store = new StageStore(out)) {
            StageRunner runner = new StageRunner(store, listener, workers);
            StageRunner.Plan toDo = runner.plan(plan.stages());
            listener.planned(toDo.views());
            runner.run(plan.stages(), toDo);
            ResultsBuilder.Run run = new ResultsBuilder.Run(
                    configHash,
                    build,
                    started,
                    (System.nanoTime() - begin) / 1e9,
                    toDo.toRun().size(),
                    plan.stages().size() - toDo.toRun().size(),
                    workers);
            Results results = new ResultsBuilder(plan, store, run).build(scenario, slots);
            write(resultsFile, results);
            return results;
        } catch (IOException e) {
            throw new StageException(
                    out + ": " + e.getMessage() + "; finished stages are kept, the same command goes on from here", e);
        }
    }

    private Results earlier(Path resultsFile, boolean force) {
        if (!Files.exists(resultsFile)) {
            return null;
        }
        Results found;
        try {
            found = JSON.readValue(resultsFile.toFile(), Results.class);
            if (found == null || found.configHash() == null || found.build() == null) {
                throw new IOException("no config_hash or build");
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
        boolean same = found.configHash().equals(configHash) && found.build().equals(build.hash());
        if (same) {
            return found;
        }
        if (!force) {
            String what =
                    found.configHash().equals(configHash) ? "another build of the engine" : "another configuration";
            throw new ConfigException(resultsFile + ": holds the results of " + what + " (" + found.started()
                    + "); --force replaces them, --out DIR leaves them");
        }
        return null;
    }

    private static void write(Path file, Results results) throws IOException {
        WholeFile.write(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(results), true);
    }

    /** The configuration after overrides, as it goes into the results. */
    static Map<String, Object> plain(ExperimentConfig config) {
        try {
            @SuppressWarnings("unchecked")
            Map<String, Object> map = JSON.treeToValue(ConfigReader.canonical(config), Map.class);
            return map;
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a configuration is always writable", e);
        }
    }
}
