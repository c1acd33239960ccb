package dev.chorus.model;

import dev.chorus.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A model on disk in Hugging Face's layout: {@code config.json}, {@code model.safetensors}, {@code tokenizer.json} and the
 * tokenizer's other files.
 *
 * @param decoder   owned by this object
 * @param tokenizer owned by this object
 */
public record ModelFolder(Decoder decoder, Tokenizer tokenizer) implements AutoCloseable {
    /** Writes a model into a folder, which must exist and hold none. */
    public static void save(Path folder, Decoder decoder, Tokenizer tokenizer) throws IOException {
        decoder.config().write(folder.resolve("config.json"), tokenizer.pad(), tokenizer.eos());
        tokenizer.save(folder, decoder.config().positions());
        Map<String, Safetensors.Values> tensors = new LinkedHashMap<>();
        Parameters parameters = decoder.parameters();
        for (String name : parameters.names()) {
            tensors.put(name, new Safetensors.Values(parameters.shape(name), parameters.read(name)));
        }
        Safetensors.write(folder.resolve("model.safetensors"), tensors);
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
        Path file = folder.resolve("model.safetensors");
        Map<String, Safetensors.Values> tensors = Safetensors.read(file);
        Decoder decoder = Decoder.blank(config);
        try {
            Parameters parameters = decoder.parameters();
            Set<String> missing = new TreeSet<>(parameters.names());
            missing.removeAll(tensors.keySet());
            Set<String> surplus = new TreeSet<>(tensors.keySet());
            surplus.removeAll(parameters.names());
            if (!missing.isEmpty() || !surplus.isEmpty()) {
                throw new CheckpointException(
                        file, "does not fit config.json; missing tensors: " + missing + ", surplus: " + surplus);
            }
            for (String name : parameters.names()) {
                Safetensors.Values values = tensors.get(name);
                if (!java.util.Arrays.equals(values.shape(), parameters.shape(name))) {
                    throw new CheckpointException(
                            file,
                            "tensor '" + name + "' has shape " + java.util.Arrays.toString(values.shape())
                                    + ", config.json asks for "
                                    + java.util.Arrays.toString(parameters.shape(name)));
                }
                parameters.write(name, values.values());
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
