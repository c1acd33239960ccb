package dev.chorus.model.folder;

import dev.chorus.files.WholeFolder;
import dev.chorus.model.Decoder;
import dev.chorus.model.checkpoint.CheckpointException;
import dev.chorus.model.checkpoint.SafetensorsEntry;
import dev.chorus.model.checkpoint.SafetensorsFile;
import dev.chorus.model.checkpoint.SafetensorsWriter;
import dev.chorus.model.weights.Adapter;
import dev.chorus.model.weights.LoraConfig;
import dev.chorus.model.weights.Parameters;
import dev.chorus.text.FolderFile;
import dev.chorus.text.Shown;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A low-rank adapter on disk in PEFT's layout: {@code adapter_config.json} and {@code adapter_model.safetensors}. A folder
 * that is written here is read by {@code PeftModel.from_pretrained(model, folder)}, and the other way round.
 *
 * <p>PEFT names tensors by the modules in memory; in all families those of the blocks are called there what they are called
 * in the model's file.
 */
public final class AdapterFolder {
    static final String WEIGHTS = "adapter_model.safetensors";

    private static final String PICKLED = "adapter_model.bin";

    private AdapterFolder() {}

    /**
     * Writes a decoder's adapter, f32. The folder appears whole or not at all.
     *
     * @param folder    must not exist, or be empty
     * @param baseModel what the base model is called: a folder, or its name on the Hub
     * @throws IOException           if the folder holds something or cannot be written
     * @throws IllegalStateException if the decoder has no adapter, or is a classifier, whose head an adapter cannot carry
     */
    public static void save(Path folder, Decoder decoder, String baseModel) throws IOException {
        Adapter adapter = decoder.adapter()
                .orElseThrow(() -> new IllegalStateException("this decoder has no adapter to be saved"));
        if (decoder.architecture().labels() > 0) {
            throw new IllegalStateException(
                    "an adapter of a classifier is not saved, its head would be lost; save the " + "merged model");
        }
        Path whole = folder.toAbsolutePath();
        if (Files.exists(whole) && !isEmpty(whole)) {
            throw new FileAlreadyExistsException(folder + ": is there already and not empty");
        }
        Files.createDirectories(whole.getParent());
        Path unfinished = WholeFolder.begin(whole);
        try {
            Parameters parameters = adapter.parameters();
            List<SafetensorsWriter.Item> items = new ArrayList<>();
            for (String name : parameters.names()) {
                items.add(SafetensorsWriter.Item.of(name, parameters.get(name)));
            }
            SafetensorsWriter.write(unfinished.resolve(WEIGHTS), items);
            Files.writeString(
                    unfinished.resolve(AdapterConfigFile.NAME),
                    AdapterConfigFile.write(
                            adapter, baseModel, decoder.architecture().transposed()));
            WholeFolder.commit(unfinished, whole, false);
        } finally {
            WholeFolder.discard(unfinished);
        }
    }

    /**
     * Puts a folder's adapter beside a decoder's frozen weights; what is f16 or bf16 in the file is f32 then. It is trained on by
     * {@link Decoder#parameters}, and its A and B are all that is held besides the model.
     *
     * @return the adapter, switched on; owned by the decoder
     * @throws CheckpointException   if a file is missing, malformed, asks for what is not built, or does not fit the model;
     *     names the file, and the key or the tensor
     * @throws IllegalStateException if the decoder's weights are trained themselves, or it has an adapter already
     */
    public static Adapter load(Path folder, Decoder decoder) {
        LoraConfig lora = AdapterConfigFile.read(folder);
        Path file = folder.resolve(WEIGHTS);
        if (!FolderFile.exists(file) && Files.exists(folder.resolve(PICKLED))) {
            throw new CheckpointException(
                    folder.resolve(PICKLED),
                    "is a pickle, which can run any code when it is opened and is not read; if you trust it, load it with PEFT "
                            + "and save it with safe_serialization=True");
        }
        try (SafetensorsFile stored = SafetensorsFile.open(file)) {
            // Before anything is allocated: r is a number that a stranger wrote.
            compare(specs(folder, lora, decoder), stored);
            Adapter adapter = Adapter.blank(decoder.config(), lora);
            try (Scope scope = new Scope();
                    Tensors.GradientMode off = Tensors.withoutGradients()) {
                fill(adapter.parameters(), stored);
            } catch (RuntimeException e) {
                adapter.close();
                throw e;
            }
            return decoder.adapt(adapter);
        }
    }

    private static Map<String, long[]> specs(Path folder, LoraConfig lora, Decoder decoder) {
        try {
            Map<String, long[]> shapes = new LinkedHashMap<>();
            Adapter.specs(decoder.config(), lora).forEach(spec -> shapes.put(spec.name(), spec.shape()));
            return shapes;
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(folder.resolve(AdapterConfigFile.NAME), e.getMessage(), e);
        }
    }

    private static void compare(Map<String, long[]> shapes, SafetensorsFile stored) {
        Set<String> missing = new TreeSet<>(shapes.keySet());
        missing.removeAll(stored.entries().keySet());
        Set<String> surplus = new TreeSet<>(stored.entries().keySet());
        surplus.removeAll(shapes.keySet());
        if (!missing.isEmpty() || !surplus.isEmpty()) {
            throw new CheckpointException(
                    stored.path(),
                    "does not fit the model and the target_modules of " + AdapterConfigFile.NAME + "; missing tensors: "
                            + Shown.names(missing) + ", surplus: " + Shown.names(surplus));
        }
        shapes.forEach((name, shape) -> {
            SafetensorsEntry entry = stored.entry(name);
            if (!Arrays.equals(entry.shape(), shape)) {
                throw new CheckpointException(
                        stored.path(),
                        "tensor '" + name + "' has shape " + Arrays.toString(entry.shape()) + ", r of "
                                + AdapterConfigFile.NAME + " and the model ask for " + Arrays.toString(shape));
            }
        });
    }

    private static void fill(Parameters parameters, SafetensorsFile stored) {
        parameters.names().forEach(name -> stored.readInto(name, parameters.get(name)));
    }

    private static boolean isEmpty(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return false;
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.findAny().isEmpty();
        }
    }
}
