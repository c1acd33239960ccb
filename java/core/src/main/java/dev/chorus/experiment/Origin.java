package dev.chorus.experiment;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.config.ConfigReader;
import dev.chorus.data.DataSource;
import dev.chorus.experiment.ExperimentConfig.WeakModel;
import dev.chorus.model.Decoder;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.folder.ModelFolder;
import dev.chorus.text.Tokenizer;
import java.io.IOException;

/** What a weak model is before it is taught. */
interface Origin {
    /** Longest sequence of a new model, in tokens: twice the longest prompt with its answer. */
    int POSITIONS = 256;

    /** Blocks, for estimates and titles. */
    int layers();

    /** Channels, likewise. */
    int width();

    /** Where its words come from, for titles. */
    String title();

    /** Adds what the model depends on to a stage's settings. */
    void describe(ObjectNode settings);

    /**
     * The model, to be trained; the caller closes it.
     *
     * @param seed of weights that are new
     */
    ModelFolder open(long seed) throws IOException;

    /** New weights of a size, and a tokenizer file. */
    record Fresh(WeakModel model, DataSource tokenizer) implements Origin {
        @Override
        public int layers() {
            return model.layers();
        }

        @Override
        public int width() {
            return model.width();
        }

        @Override
        public String title() {
            return model.tokenizer().replaceAll(".*[/:]", "").replaceAll("\\.json$", "");
        }

        @Override
        public void describe(ObjectNode settings) {
            settings.put("tokenizer", tokenizer.sha256());
            settings.set("model", ConfigReader.canonical(model));
        }

        @Override
        public ModelFolder open(long seed) {
            Tokenizer words = Tokenizer.of(tokenizer.content(), model.tokenizer());
            ModelConfig shape =
                    ModelConfig.gpt2(words.vocabSize(), model.width(), model.layers(), model.heads(), POSITIONS);
            return new ModelFolder(Decoder.initialise(shape, seed), words);
        }
    }

    /** A Hugging Face folder. Where it lies does not matter, its content does. */
    record Local(String name, LocalModel model) implements Origin {
        @Override
        public int layers() {
            return model.architecture().layers();
        }

        @Override
        public int width() {
            return model.architecture().width();
        }

        @Override
        public String title() {
            return model.name();
        }

        @Override
        public void describe(ObjectNode settings) {
            // The name is in the seed of the order of the data.
            settings.put("model", name);
            settings.set("files", model.files());
        }

        @Override
        public ModelFolder open(long seed) throws IOException {
            return ModelFolder.load(model.folder());
        }
    }
}
