package dev.chorus.model;

import dev.chorus.model.checkpoint.CheckpointException;
import dev.chorus.model.checkpoint.SafetensorsWriter;
import dev.chorus.model.checkpoint.TensorStore;
import dev.chorus.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/**
 * A model on disk in Hugging Face's layout: {@code config.json}, {@code model.safetensors}, {@code tokenizer.json},
 * {@code tokenizer_config.json}.
 *
 * @param decoder   owned by this object
 * @param tokenizer owned by this object
 */
public record ModelFolder(Decoder decoder, Tokenizer tokenizer) implements AutoCloseable {
    private static final String TOKENIZER_CONFIG = """
            {
              "tokenizer_class": "PreTrainedTokenizerFast",
              "pad_token": "<pad>",
              "eos_token": "<eos>",
              "sep_token": "<sep>",
              "model_max_length": %d
            }
            """;

    /** Writes a model into a folder, which must exist and hold none. */
    public static void save(Path folder, Decoder decoder, Tokenizer tokenizer) throws IOException {
        decoder.config().write(folder.resolve("config.json"), tokenizer.pad(), tokenizer.eos());
        Files.write(folder.resolve("tokenizer.json"), tokenizer.json());
        Files.writeString(
                folder.resolve("tokenizer_config.json"),
                TOKENIZER_CONFIG.formatted(decoder.config().positions()));
        Parameters parameters = decoder.parameters();
        SafetensorsWriter.writeFolder(
                folder,
                parameters.names().stream()
                        .map(name -> SafetensorsWriter.Item.of(name, parameters.get(name)))
                        .toList());
    }

    /**
     * Reads a model.
     *
     * @throws CheckpointException if config, weights or tokenizer do not fit together; names the file and the tensor
     */
    public static ModelFolder load(Path folder) throws IOException {
        Tokenizer tokenizer = Tokenizer.load(folder);
        try {
            return new ModelFolder(loadDecoder(folder), tokenizer);
        } catch (RuntimeException e) {
            tokenizer.close();
            throw e;
        }
    }

    /** The weights and the shape alone, without a tokenizer. */
    static Decoder loadDecoder(Path folder) {
        DecoderConfig config = DecoderConfig.read(folder.resolve("config.json"));
        Decoder decoder = Decoder.blank(config);
        try (TensorStore store = TensorStore.open(folder)) {
            Parameters parameters = decoder.parameters();
            Set<String> missing = new TreeSet<>(parameters.names());
            missing.removeAll(store.names());
            Set<String> surplus = new TreeSet<>(store.names());
            surplus.removeAll(parameters.names());
            if (!missing.isEmpty() || !surplus.isEmpty()) {
                throw new CheckpointException(
                        store.source(),
                        "does not fit config.json; missing tensors: " + missing + ", surplus: " + surplus);
            }
            for (String name : parameters.names()) {
                store.readInto(name, parameters.get(name));
            }
            return decoder;
        } catch (RuntimeException e) {
            decoder.close();
            throw e;
        }
    }

    @Override
    public void close() {
        decoder.close();
        tokenizer.close();
    }
}
