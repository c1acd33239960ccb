package dev.chorus.experiment;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.data.DataException;
import dev.chorus.data.DataSource;
import dev.chorus.data.Example;
import dev.chorus.data.ExampleReader;
import dev.chorus.data.Splits;
import dev.chorus.task.slurp.SlotText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A run's sentences and tokenizer files, read and checked once.
 *
 * @param unlabelled lines for pre-training
 * @param splits     by seed
 * @param classes    scenario names of the pool, sorted; the same whatever the seeds
 * @param slots      slot types of the pool
 * @param files      every file by the reference that the configuration gives it
 * @param models     every model's folder likewise
 */
record Corpus(
        List<String> unlabelled,
        Map<Long, Splits> splits,
        List<String> classes,
        SlotText slots,
        Map<String, DataSource> files,
        Map<String, LocalModel> models) {

    /**
     * Reads all that a configuration names.
     *
     * @param file of the configuration; other files are relative to it
     */
    static Corpus read(ExperimentConfig config, Path file) {
        Path folder = file.toAbsolutePath().getParent();
        ExperimentConfig.Data data = config.data();
        Map<String, DataSource> files = new LinkedHashMap<>();
        List<String> references = new ArrayList<>(List.of(data.pool(), data.devel(), data.test()));
        references.add(data.unlabelled());
        references.add(config.strong().tokenizer());
        config.weak().models().forEach(model -> references.add(model.tokenizer()));
        references.stream()
                .filter(Objects::nonNull)
                .forEach(reference -> files.computeIfAbsent(reference, r -> DataSource.open(r, folder)));

        List<Example> pool = ExampleReader.read(files.get(data.pool()));
        List<Example> devel = ExampleReader.read(files.get(data.devel()));
        List<Example> test = ExampleReader.read(files.get(data.test()));
        List<String> unlabelled = data.unlabelled() == null ? List.of() : unlabelled(files.get(data.unlabelled()));
        // A stage's hash names its own seed alone, so the classes must not depend on the other seeds' draws.
        List<String> classes =
                pool.stream().map(Example::scenario).distinct().sorted().toList();
        Map<Long, Splits> splits = new LinkedHashMap<>();
        for (long seed : config.seeds()) {
            Splits drawn = Splits.draw(
                    pool,
                    devel,
                    test,
                    data.gold(),
                    data.weak(),
                    data.develSize(),
                    seed,
                    files.get(data.pool()).name());
            if (data.unlabelled() != null) {
                drawn.refuseLeaks(unlabelled, files.get(data.unlabelled()).name());
            }
            drawn.refuseUntaughtScenarios();
            splits.put(seed, drawn);
        }
        return new Corpus(
                unlabelled, splits, classes, new SlotText(SlotText.typesOf(pool)), files, models(config, file, splits));
    }

    private static List<String> unlabelled(DataSource file) {
        List<String> lines = file.lines();
        if (lines.stream().allMatch(String::isBlank)) {
            throw new DataException(Path.of(file.name()), 0, "holds no sentences; expected one a line");
        }
        return lines;
    }

    private static Map<String, LocalModel> models(ExperimentConfig config, Path file, Map<Long, Splits> splits) {
        Path folder = file.toAbsolutePath().getParent();
        Map<String, String> keys = new LinkedHashMap<>();
        for (ExperimentConfig.WeakModel model : config.weak().models()) {
            keys.putIfAbsent(model.folder(), file + ": weak.models." + model.name() + ".folder");
        }
        keys.putIfAbsent(config.strong().folder(), file + ": strong.folder");
        keys.remove(null);
        int answer = config.slots() == null ? 0 : config.slots().maxTokens();
        Map<String, LocalModel> models = new LinkedHashMap<>();
        keys.forEach((reference, key) -> {
            LocalModel model = LocalModel.read(folder.resolve(reference), key);
            model.requireRoom(key, splits.values(), answer);
            models.put(reference, model);
        });
        ExperimentConfig.Strong strong = config.strong();
        if (strong.folder() != null && strong.lora() != null) {
            models.get(strong.folder())
                    .requireTargets(
                            file + ": strong.lora.targets", strong.lora().config());
        }
        return models;
    }

    /** What a seed's splits depend on, for a stage's hash. */
    ObjectNode splitKey(ExperimentConfig config, long seed) {
        ExperimentConfig.Data data = config.data();
        ObjectNode key = new ObjectMapper().createObjectNode();
        for (String reference : List.of(data.pool(), data.devel(), data.test())) {
            key.withArray("files").add(files.get(reference).sha256());
        }
        key.put("gold", data.gold())
                .put("weak", data.weak())
                .put("devel", data.develSize())
                .put("seed", seed);
        return key;
    }
}
