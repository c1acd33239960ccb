package dev.chorus.model.folder;

import dev.chorus.model.Decoder;
import dev.chorus.model.checkpoint.CheckpointLoader;
import dev.chorus.model.checkpoint.CheckpointLoader.Loaded;
import dev.chorus.model.checkpoint.SafetensorsWriter;
import dev.chorus.model.checkpoint.StoredType;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.model.weights.Precision;
import dev.chorus.model.weights.TensorPlan;
import dev.chorus.model.weights.TensorSpec;
import dev.chorus.model.weights.Weights;
import dev.chorus.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A model on disk in Hugging Face's layout: {@code config.json}, weights as safetensors (one file, or shards with an index),
 * {@code tokenizer.json} and what stands beside it.
 *
 * @param decoder   owned by this object
 * @param tokenizer owned by this object
 */
public record ModelFolder(Decoder decoder, Tokenizer tokenizer) implements AutoCloseable {
    /** Writes a model into a folder, which must exist and hold none; an adapter is not written (see {@link AdapterFolder}). */
    public static void save(Path folder, Decoder decoder, Tokenizer tokenizer) throws IOException {
        ModelConfig config = decoder.config();
        Weights weights = decoder.weights();
        List<SafetensorsWriter.Item> items = new ArrayList<>();
        for (TensorSpec spec : TensorPlan.of(config)) {
            items.add(SafetensorsWriter.Item.of(spec.name(), weights.get(spec.name())));
        }
        write(folder, config, tokenizer, items);
    }

    /** As {@link #save} with an adapter's additions in the weights: W + scale B A, computed in f32, in the weights' dtype. */
    public static void saveMerged(Path folder, Decoder decoder, Tokenizer tokenizer) throws IOException {
        ModelConfig config = decoder.config();
        List<SafetensorsWriter.Item> items = new ArrayList<>();
        for (TensorSpec spec : TensorPlan.of(config)) {
            Tensor stored = decoder.weights().get(spec.name());
            StoredType type = stored.scalar_type().intern() == ScalarType.BFloat16 ? StoredType.BF16 : StoredType.F32;
            items.add(new SafetensorsWriter.Item(spec.name(), type, spec.shape(), () -> decoder.merged(spec.name())));
        }
        write(folder, config, tokenizer, items);
    }

    private static void write(Path folder, ModelConfig config, Tokenizer tokenizer, List<SafetensorsWriter.Item> items)
            throws IOException {
        ModelConfig named = config;
        if (config.tokenIds("eos_token_id").length == 0) {
            named = config.with("pad_token_id", tokenizer.padId().orElse(tokenizer.eos()))
                    .with("bos_token_id", tokenizer.eos())
                    .with("eos_token_id", tokenizer.eos());
        }
        boolean bf16 = items.stream().anyMatch(item -> item.type() == StoredType.BF16);
        SafetensorsWriter.writeFolder(folder, items);
        tokenizer.save(folder, config.architecture().maxTokens());
        named.write(folder, (bf16 ? Precision.BF16 : Precision.F32).torchName());
    }

    /**
     * Reads a model to be trained: its parameters are f32, whatever the file holds.
     *
     * @throws dev.chorus.model.checkpoint.CheckpointException if config, weights or tokenizer do not fit together; names the
     *     file and the tensor
     * @throws dev.chorus.model.family.ConfigProblem if the config is none, or asks for what is not built
     */
    public static ModelFolder load(Path folder) throws IOException {
        return load(folder, Precision.F32);
    }

    /** As {@link #load(Path)}, with matrix products in this precision. */
    public static ModelFolder load(Path folder, Precision precision) throws IOException {
        ModelConfig config = ModelConfig.read(folder);
        Loaded loaded = CheckpointLoader.trained(folder, config);
        return withTokenizer(folder, new Decoder(loaded.config(), loaded.weights(), precision));
    }

    /**
     * Opens a model to be used, or adapted: its weights are frozen, and lie in the mapped file where they can.
     *
     * @param precision of weights and matrix products; null for that of the file
     * @throws dev.chorus.model.checkpoint.CheckpointException as {@link #load(Path)}
     * @throws dev.chorus.model.family.ConfigProblem as {@link #load(Path)}
     */
    public static ModelFolder open(Path folder, Precision precision) throws IOException {
        return withTokenizer(folder, openDecoder(folder, precision));
    }

    /** {@link #open} without the tokenizer. */
    public static Decoder openDecoder(Path folder, Precision precision) {
        ModelConfig config = ModelConfig.read(folder);
        Loaded loaded = CheckpointLoader.frozen(folder, config, precision);
        return new Decoder(loaded.config(), loaded.weights(), loaded.weights().precision());
    }

    private static ModelFolder withTokenizer(Path folder, Decoder decoder) throws IOException {
        try {
            return new ModelFolder(decoder, Tokenizer.load(folder));
        } catch (IOException | RuntimeException e) {
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
