package dev.chorus.experiment;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.chorus.config.ConfigException;
import dev.chorus.model.checkpoint.CheckpointException;
import dev.chorus.model.checkpoint.TensorStore;
import dev.chorus.model.family.Architecture;
import dev.chorus.model.family.ConfigProblem;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.weights.Adapter;
import dev.chorus.model.weights.LoraConfig;
import dev.chorus.stage.Hashes;
import dev.chorus.task.SentencePrompt;
import dev.chorus.text.Tokenizer;
import dev.chorus.text.TokenizerException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A Hugging Face folder that a run starts a model from, looked at before the run: its config, its tokenizer and the names of its
 * tensors are read, and every file that the model can depend on is hashed.
 *
 * @param folder       where it lies
 * @param config       what it computes
 * @param files        name, size in bytes and SHA-256 of every file; what a stage's hash takes for the model
 */
record LocalModel(Path folder, ModelConfig config, ArrayNode files) {
    private static final List<String> ENDINGS = List.of(".json", ".safetensors", ".txt", ".model", ".jinja");

    /**
     * Reads and checks a folder.
     *
     * @param key of the configuration, for messages
     * @throws ConfigException if the folder cannot be used, or tokenizer and model do not fit together
     */
    static LocalModel read(Path folder, String key) {
        if (!Files.isDirectory(folder)) {
            throw new ConfigException(key + ": expected a model's folder, " + folder + " is none");
        }
        try {
            ModelConfig config = ModelConfig.read(folder);
            // The headers alone: a missing shard or a pickle is found before hours of work.
            TensorStore.open(folder).close();
            try (Tokenizer tokenizer = Tokenizer.load(folder)) {
                check(key, tokenizer, config.architecture());
            }
            return new LocalModel(folder, config, hash(folder));
        } catch (ConfigProblem | CheckpointException | TokenizerException e) {
            throw new ConfigException(key + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new ConfigException(key + ": " + folder + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static void check(String key, Tokenizer tokenizer, Architecture model) {
        if (model.labels() > 0) {
            throw new ConfigException(key + ": the folder holds a classifier of " + model.labels()
                    + " classes; take the language model that it was made from");
        }
        if (tokenizer.vocabSize() > model.vocabSize()) {
            throw new ConfigException(key + ": " + tokenizer.name() + " has " + tokenizer.vocabSize()
                    + " tokens, but config.json's vocab_size is " + model.vocabSize()
                    + "; take the tokenizer that the model was trained with");
        }
        if (tokenizer.eosId().isEmpty()) {
            throw new ConfigException(key + ": " + tokenizer.name()
                    + " has no token that ends a sequence; name one with the key eos_token in tokenizer_config.json");
        }
        SentencePrompt.separator(tokenizer);
    }

    private static ArrayNode hash(Path folder) throws IOException {
        ArrayNode files = new ObjectMapper().createArrayNode();
        try (Stream<Path> found = Files.list(folder)) {
            for (Path file : found.filter(LocalModel::matters).sorted().toList()) {
                files.addObject()
                        .put("name", file.getFileName().toString())
                        .put("bytes", Files.size(file))
                        .put("sha256", Hashes.of(file));
            }
        }
        return files;
    }

    private static boolean matters(Path file) {
        String name = file.getFileName().toString();
        return Files.isRegularFile(file) && ENDINGS.stream().anyMatch(name::endsWith);
    }

    /**
     * Refuses an adapter for modules that the model does not have, before the weak models are taught in vain.
     *
     * @param key of the configuration, for messages
     */
    void requireTargets(String key, LoraConfig lora) {
        try {
            Adapter.blank(config, lora).close();
        } catch (IllegalArgumentException e) {
            throw new ConfigException(key + ": " + e.getMessage(), e);
        }
    }

    Architecture architecture() {
        return config.architecture();
    }

    /** Its last name, for people. */
    String name() {
        Path name = folder.toAbsolutePath().normalize().getFileName();
        return name == null ? folder.toString() : name.toString();
    }
}
