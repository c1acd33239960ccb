package dev.chorus.experiment;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.experiment.ExperimentConfig.WeakModel;
import dev.chorus.stage.Stage;
import java.util.ArrayList;
import java.util.List;

/** What all stages of a run are built from: configuration, catalogue, examples, the build's hash, and the list that stages join. */
final class Blueprint {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ExperimentConfig config;
    private final Catalog catalog;
    private final Corpus corpus;
    private final String build;
    private final List<Stage> stages = new ArrayList<>();
    private final StrongBase strong;

    Blueprint(ExperimentConfig config, Catalog catalog, Corpus corpus, String build) {
        this.config = config;
        this.catalog = catalog;
        this.corpus = corpus;
        this.build = build;
        ExperimentConfig.Strong base = config.strong();
        strong = base.folder() == null
                ? StrongBase.pretrained(base, corpus, catalog, this::stage)
                : StrongBase.local(base, corpus.models().get(base.folder()));
    }

    ExperimentConfig config() {
        return config;
    }

    Catalog catalog() {
        return catalog;
    }

    Corpus corpus() {
        return corpus;
    }

    /** Every stage, inputs before those that need them. */
    List<Stage> stages() {
        return stages;
    }

    /** The strong model that the students start as. */
    StrongBase strong() {
        return strong;
    }

    /** What a weak model starts as. */
    Origin origin(WeakModel model) {
        return model.folder() == null
                ? new Origin.Fresh(model, corpus.files().get(model.tokenizer()))
                : new Origin.Local(model.name(), corpus.models().get(model.folder()));
    }

    /** Adds a stage. */
    Stage stage(String kind, String id, double work, List<Stage> inputs, ObjectNode settings, Stage.Body body) {
        Stage stage = new Stage(kind, kind + "/" + id, work, inputs, settings, build, body);
        stages.add(stage);
        return stage;
    }

    /** Settings that begin with a seed's splits. */
    ObjectNode splitSettings(long seed) {
        ObjectNode settings = JSON.createObjectNode();
        settings.set("splits", corpus.splitKey(config.data(), seed));
        return settings;
    }
}
