package dev.chorus.experiment;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.config.ConfigReader;
import dev.chorus.data.DataSource;
import dev.chorus.model.Decoder;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.model.weights.Precision;
import dev.chorus.stage.Stage;
import dev.chorus.task.EchoText;
import dev.chorus.text.Tokenizer;
import dev.chorus.train.LanguageModelObjective;
import dev.chorus.train.TrainSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The strong model that every student starts as: the output of the pre-training, which both tasks share, or a folder. */
final class StrongBase {
    private final ExperimentConfig.Strong config;
    private final LocalModel local;
    private final Stage stage;

    private StrongBase(ExperimentConfig.Strong config, LocalModel local, Stage stage) {
        this.config = config;
        this.local = local;
        this.stage = stage;
    }

    /** A model from a folder. */
    static StrongBase local(ExperimentConfig.Strong config, LocalModel model) {
        return new StrongBase(config, model, null);
    }

    /** New weights; their pre-training joins the plan. */
    static StrongBase pretrained(ExperimentConfig.Strong config, Corpus corpus, Catalog catalog, StageAdder stages) {
        return new StrongBase(config, null, pretrain(config, corpus, catalog, stages));
    }

    /** The pre-training, if there is one. */
    Optional<Stage> stage() {
        return Optional.ofNullable(stage);
    }

    /** What a stage that starts from the base has among its inputs. */
    List<Stage> inputs() {
        return stage == null ? List.of() : List.of(stage);
    }

    /** Adds what the base, and the way it is taught, add to the settings of a stage that starts from it. */
    void describe(ObjectNode settings) {
        if (local != null) {
            settings.set("base", local.files());
            settings.put("precision", precision().name());
            if (config.lora() != null) {
                settings.set("lora", ConfigReader.canonical(config.lora()));
            }
        }
    }

    int layers() {
        return local == null ? config.layers() : local.architecture().layers();
    }

    /** Of the head of a language model; 0 for none. */
    double softCap() {
        return local == null ? 0 : local.architecture().head().softCap();
    }

    int width() {
        return local == null ? config.width() : local.architecture().width();
    }

    /**
     * The base, to be taught; the caller closes it.
     *
     * @param seed of an adapter's start
     */
    ModelFolder open(Stage.Context context, long seed) throws IOException {
        return openToTeach(local == null ? context.of(stage) : local.folder(), seed);
    }

    /** As {@link #open}, of a student that is taught further. */
    ModelFolder openToTeach(Path folder, long seed) throws IOException {
        if (config.lora() == null) {
            return ModelFolder.load(folder, precision());
        }
        ModelFolder model = ModelFolder.open(folder, precision());
        model.decoder().adapt(config.lora().config(), seed);
        return model;
    }

    private Precision precision() {
        return config.precision() == null ? Precision.F32 : config.precision();
    }

    private static Stage pretrain(ExperimentConfig.Strong strong, Corpus corpus, Catalog catalog, StageAdder stages) {
        TrainSettings train = strong.pretrain().train();
        DataSource words = corpus.files().get(strong.tokenizer());
        ObjectNode settings = new ObjectMapper().createObjectNode();
        settings.put("unlabelled", corpus.unlabelledHash());
        settings.put("tokenizer", words.sha256());
        settings.set("strong", ConfigReader.canonical(strong));
        double work = Estimates.training(
                corpus.unlabelled().size(),
                Estimates.PROMPT_TOKENS + (int) (strong.pretrain().echo() * Estimates.ANSWER_TOKENS / 2),
                train.epochs(),
                strong.layers(),
                strong.width());
        return stages.add("pretrain", "strong", work, List.of(), settings, context -> {
            try (Tokenizer tokenizer = Tokenizer.of(words.content(), strong.tokenizer());
                    Decoder decoder = Decoder.initialise(
                            ModelConfig.gpt2(
                                    tokenizer.vocabSize(),
                                    strong.width(),
                                    strong.layers(),
                                    strong.heads(),
                                    Origin.POSITIONS),
                            strong.seed())) {
                List<Sequence> sequences = EchoText.sequences(
                        tokenizer, corpus.unlabelled(), strong.pretrain().echo(), strong.seed());
                Teaching.run(
                        context,
                        new ModelFolder(decoder, tokenizer),
                        sequences.size(),
                        new LanguageModelObjective(sequences),
                        train,
                        strong.seed(),
                        null,
                        catalog);
            }
        });
    }
}
