package dev.chorus.experiment;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.data.Splits;
import dev.chorus.experiment.ExperimentConfig.WeakModel;
import dev.chorus.model.Decoder;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.stage.Stage;
import dev.chorus.text.Tokenizer;
import dev.chorus.torch.CounterRandom;
import dev.chorus.train.Trainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What all stages of a run are built from: configuration, sentences, the build's hash, and the list that stages join.
 */
final class Blueprint {
    /** Longest sequence of the models, in tokens: twice the longest prompt with its answer. */
    static final int POSITIONS = 256;

    /** Sequences are about this long in tokens: sentence, separator, and an answer if there is one. */
    static final int PROMPT_TOKENS = 11;

    static final int ANSWER_TOKENS = 14;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ExperimentConfig config;
    private final Corpus corpus;
    private final String build;
    private final List<Stage> stages = new ArrayList<>();
    private final StrongBase strong;

    Blueprint(ExperimentConfig config, Corpus corpus, String build) {
        this.config = config;
        this.corpus = corpus;
        this.build = build;
        strong = StrongBase.of(this);
    }

    ExperimentConfig config() {
        return config;
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
        settings.set("splits", corpus.splitKey(config, seed));
        return settings;
    }

    Splits splits(long seed) {
        return corpus.splits().get(seed);
    }

    /** A seed for one purpose of one repetition. */
    static long seed(long seed, String purpose) {
        return CounterRandom.of(seed, purpose).bits(0);
    }

    /** Reports a training's steps as a stage's progress. */
    static Trainer.StepListener steps(Stage.Context context, double share) {
        return (step, steps, loss) -> context.progress(
                share * step / steps, String.format(Locale.ROOT, "step %d/%d, loss %.3f", step, steps, loss));
    }

    /** Estimated seconds of a training on one core. */
    static double trainingWork(int examples, int tokens, int epochs, int layers, int width) {
        return generationWork(examples, tokens * 3 * epochs, layers, width);
    }

    /** Estimated seconds of a forward pass over so many tokens on one core. */
    static double generationWork(int examples, int tokens, int layers, int width) {
        double flops = 2.0 * 12 * layers * width * width;
        return (double) examples * tokens * (flops / 40e9 + layers * 2e-6 + 1e-6);
    }

    /** Writes a trained model, an adapter merged into it, and what its training was like. */
    static void save(Path out, Decoder decoder, Tokenizer tokenizer, int examples, List<Trainer.CurvePoint> curve)
            throws IOException {
        if (decoder.adapter().isPresent()) {
            ModelFolder.saveMerged(out, decoder, tokenizer);
        } else {
            ModelFolder.save(out, decoder, tokenizer);
        }
        StageFiles.write(out, StageFiles.TRAINING, StageFiles.Training.of(decoder, examples, curve));
    }
}
