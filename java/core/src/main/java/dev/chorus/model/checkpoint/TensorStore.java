package dev.chorus.model.checkpoint;

import dev.chorus.text.FolderFile;
import dev.chorus.text.ModelPath;
import dev.chorus.text.Shown;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/**
 * The weights of a model's folder: {@code model.safetensors}, or the files that {@code model.safetensors.index.json} names.
 * Where both are, the single file is taken, as transformers does.
 *
 * <p>Opening checks every header, and that index and files tell the same of every tensor. Thread-safe, closing aside.
 */
public final class TensorStore implements AutoCloseable {
    /** The file of a model that has one. */
    public static final String SINGLE = "model.safetensors";

    private final Path source;
    private final List<SafetensorsFile> files = new ArrayList<>();
    private final Map<String, SafetensorsFile> fileByTensor = new LinkedHashMap<>();

    private TensorStore(Path source) {
        this.source = source;
    }

    /**
     * Opens a folder's weights.
     *
     * @throws CheckpointException if there are none, only pickled ones, or the files do not fit together; names the file and the
     *     tensor
     */
    public static TensorStore open(Path given) {
        Path folder = resolved(given);
        Path single = folder.resolve(SINGLE);
        Path index = folder.resolve(ShardIndex.NAME);
        TensorStore store = new TensorStore(FolderFile.exists(single) ? single : index);
        try {
            if (FolderFile.exists(single)) {
                store.add(SafetensorsFile.open(single));
            } else if (FolderFile.exists(index)) {
                store.addShards(folder, ShardIndex.read(index).shards());
            } else {
                throw noWeights(folder);
            }
            TensorStore opened = store;
            store = null;
            return opened;
        } catch (IOException e) {
            throw new CheckpointException(
                    folder, "cannot be read (" + e.getClass().getSimpleName() + ": " + e.getMessage() + ")", e);
        } finally {
            if (store != null) {
                store.close();
            }
        }
    }

    private static Path resolved(Path folder) {
        try {
            return ModelPath.of(folder);
        } catch (IOException e) {
            throw new CheckpointException(folder, "cannot be read: " + e.getMessage(), e);
        }
    }

    private void add(SafetensorsFile file) {
        files.add(file);
        file.entries().keySet().forEach(name -> fileByTensor.put(name, file));
    }

    private void addShards(Path folder, Map<String, String> shards) {
        Map<String, SafetensorsFile> byName = new LinkedHashMap<>();
        for (Map.Entry<String, String> claim : shards.entrySet()) {
            String name = claim.getValue();
            SafetensorsFile shard = byName.get(name);
            if (shard == null) {
                shard = openShard(folder, name);
                byName.put(name, shard);
                files.add(shard);
            }
            if (!shard.entries().containsKey(claim.getKey())) {
                throw new CheckpointException(
                        source,
                        "tensor '" + claim.getKey() + "' is said to be in '" + name + "', which does not hold it");
            }
        }
        // In the order of the data: whoever reads all goes through each file once.
        byName.forEach((name, shard) -> shard.entries().keySet().forEach(tensor -> {
            if (!name.equals(shards.get(tensor))) {
                throw new CheckpointException(
                        shard.path(),
                        "holds tensor '" + tensor + "', which " + ShardIndex.NAME
                                + (shards.containsKey(tensor)
                                        ? " says is in '" + shards.get(tensor) + "'"
                                        : " does not name"));
            }
            fileByTensor.put(tensor, shard);
        }));
    }

    private SafetensorsFile openShard(Path folder, String name) {
        Path path;
        try {
            path = folder.resolve(name);
        } catch (InvalidPathException e) {
            throw new CheckpointException(source, "'" + name + "' is no file name on this system", e);
        }
        if (!FolderFile.exists(path)) {
            throw new CheckpointException(source, "names '" + name + "', which is not in the folder; fetch it as well");
        }
        return SafetensorsFile.open(path);
    }

    private static CheckpointException noWeights(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return new CheckpointException(folder, "is no folder");
        }
        List<String> names;
        try (Stream<Path> paths = Files.list(folder)) {
            names = paths.map(path -> path.getFileName().toString()).sorted().toList();
        }
        List<String> pickled = names.stream().filter(TensorStore::isPickled).toList();
        if (!pickled.isEmpty()) {
            return new CheckpointException(
                    folder,
                    "has its weights in '" + pickled.get(0)
                            + "', a pickle, which can run any code when it is opened and is not read; if you trust it, convert it: "
                            + "python3 -c \"import sys; from transformers import AutoModelForCausalLM as M; "
                            + "M.from_pretrained(sys.argv[1]).save_pretrained(sys.argv[2])\" '" + folder + "' '"
                            + folder
                            + "-safetensors'");
        }
        Optional<String> gguf =
                names.stream().filter(name -> name.endsWith(".gguf")).findFirst();
        if (gguf.isPresent()) {
            return new CheckpointException(
                    folder,
                    "has its weights in '" + gguf.get()
                            + "', llama.cpp's format, which is not read; fetch the model's original "
                            + "folder with its .safetensors");
        }
        List<String> others =
                names.stream().filter(name -> name.endsWith(ShardIndex.SUFFIX)).toList();
        if (others.contains("adapter_model.safetensors")) {
            return new CheckpointException(
                    folder,
                    "holds a PEFT adapter and no model; name the base model's folder as the model, and this one as the "
                            + "adapter (--adapter)");
        }
        return new CheckpointException(
                folder,
                "has no weights: looked for " + SINGLE + " and " + ShardIndex.NAME
                        + (others.isEmpty() ? "" : "; there are " + Shown.names(others) + " without an index"));
    }

    private static boolean isPickled(String name) {
        return (name.startsWith("pytorch_model") && (name.endsWith(".bin") || name.endsWith(".bin.index.json")))
                || name.endsWith(".pt")
                || name.endsWith(".pth");
    }

    /** What the store was opened by: the single file or the index. */
    public Path source() {
        return source;
    }

    /** All tensors, file by file, in the order of their data. */
    public Set<String> names() {
        return Collections.unmodifiableSet(fileByTensor.keySet());
    }

    /** Bytes of all tensors as stored. */
    public long bytes() {
        return files.stream()
                .flatMap(file -> file.entries().values().stream())
                .mapToLong(SafetensorsEntry::bytes)
                .sum();
    }

    /**
     * One tensor's description.
     *
     * @throws CheckpointException if there is none of this name
     */
    public SafetensorsEntry entry(String name) {
        return file(name).entry(name);
    }

    /**
     * The file that holds a tensor.
     *
     * @throws CheckpointException if none does
     */
    public Path fileOf(String name) {
        return file(name).path();
    }

    /** {@link SafetensorsFile#mapped} of the file that holds the tensor. */
    public Tensor mapped(String name) {
        return file(name).mapped(name);
    }

    /** {@link SafetensorsFile#readInto} of the file that holds the tensor. */
    public void readInto(String name, Tensor destination) {
        file(name).readInto(name, destination);
    }

    /** {@link SafetensorsFile#range} of the file that holds the tensor. */
    public Tensor range(String name, long from, long count) {
        return file(name).range(name, from, count);
    }

    private SafetensorsFile file(String name) {
        SafetensorsFile file = fileByTensor.get(name);
        if (file == null) {
            throw new CheckpointException(source, "has no tensor '" + name + "' among its " + fileByTensor.size());
        }
        return file;
    }

    /** Lets go of the files; mapped tensors live on. */
    @Override
    public void close() {
        files.forEach(SafetensorsFile::close);
    }
}
