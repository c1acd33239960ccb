package dev.chorus.experiment;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.data.DataException;
import dev.chorus.data.DataSource;
import dev.chorus.data.Item;
import dev.chorus.data.Splits;
import dev.chorus.task.Lesson;
import dev.chorus.task.Task;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A run's examples and tokenizer files, read and checked once.
 *
 * @param unlabelled lines for pre-training
 * @param unlabelledHash SHA-256 (hex) of their file; null if there is none
 * @param parts      what each task makes of the files, by its key
 * @param files      every file by the reference that the configuration gives it
 * @param models     every model's folder likewise
 */
record Corpus(
        List<String> unlabelled,
        String unlabelledHash,
        Map<String, Part<?>> parts,
        Map<String, DataSource> files,
        Map<String, LocalModel> models) {
    /**
     * One task's examples.
     *
     * @param lesson what they fix; the same whatever the seeds
     * @param splits by seed
     */
    record Part<E extends Item>(Task<E> task, Lesson<E> lesson, Map<Long, Splits<E>> splits) {}

    /**
     * Reads all that a configuration names.
     *
     * @param file of the configuration; other files are relative to it
     */
    static Corpus read(ExperimentConfig config, Catalog catalog, Path file) {
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
        DataSource plain = data.unlabelled() == null ? null : files.get(data.unlabelled());
        List<String> unlabelled = plain == null ? List.of() : unlabelled(plain);
        Map<String, Part<?>> parts = new LinkedHashMap<>();
        for (String key : config.tasks().keySet()) {
            Part<?> part = part(catalog.tasks().get(key, file.toString()), config, files);
            for (Splits<?> splits : part.splits().values()) {
                if (plain != null) {
                    splits.refuseLeaks(unlabelled, plain.name());
                }
            }
            parts.put(key, part);
        }
        return new Corpus(unlabelled, plain == null ? null : plain.sha256(), parts, files, models(config, file));
    }

    private static <E extends Item> Part<E> part(Task<E> task, ExperimentConfig config, Map<String, DataSource> files) {
        ExperimentConfig.Data data = config.data();
        List<E> pool = task.read(files.get(data.pool()));
        List<E> devel = task.read(files.get(data.devel()));
        List<E> test = task.read(files.get(data.test()));
        // A stage's hash names its own seed alone, so the classes must not depend on the other seeds' draws.
        Lesson<E> lesson = task.lesson(pool);
        Map<Long, Splits<E>> splits = new LinkedHashMap<>();
        for (long seed : config.seeds()) {
            Splits<E> drawn = Splits.draw(
                    pool,
                    devel,
                    test,
                    data.gold(),
                    data.weak(),
                    data.develSize(),
                    seed,
                    files.get(data.pool()).name());
            lesson.check(drawn, config.weak().tasks().get(task.key()).gold());
            splits.put(seed, drawn);
        }
        return new Part<>(task, lesson, splits);
    }

    private static List<String> unlabelled(DataSource file) {
        List<String> lines = file.lines();
        if (lines.stream().allMatch(String::isBlank)) {
            throw new DataException(Path.of(file.name()), 0, "holds no sentences; expected one a line");
        }
        return lines;
    }

    private static Map<String, LocalModel> models(ExperimentConfig config, Path file) {
        Path folder = file.toAbsolutePath().getParent();
        Map<String, String> keys = new LinkedHashMap<>();
        for (ExperimentConfig.WeakModel model : config.weak().models()) {
            keys.putIfAbsent(model.folder(), file + ": weak.models." + model.name() + ".folder");
        }
        keys.putIfAbsent(config.strong().folder(), file + ": strong.folder");
        keys.remove(null);
        Map<String, LocalModel> models = new LinkedHashMap<>();
        keys.forEach((reference, key) -> models.put(reference, LocalModel.read(folder.resolve(reference), key)));
        ExperimentConfig.Strong strong = config.strong();
        if (strong.folder() != null && strong.lora() != null) {
            models.get(strong.folder())
                    .requireTargets(
                            file + ": strong.lora.targets", strong.lora().config());
        }
        return models;
    }

    /** What a seed's splits depend on, for a stage's hash. */
    ObjectNode splitKey(ExperimentConfig.Data data, long seed) {
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
